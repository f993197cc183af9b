import asyncio
import pytest
from tests.faults.signed import call, Poster
from tests.faults.conftest import Voice
from tests.faults.proxy import Proxy
from tests.builders import World
from config.deps import Deps

@pytest.mark.parametrize("toxic", ["down", "hang", "latency", "deaf", "slow"])
async def test_try(world: World, role: Voice, post: Poster, database: Proxy, deps: Deps, toxic):
    import sys; sys.path.insert(0,"/tmp"); import dbg; dbg.watch(asyncio.get_running_loop(), 25)
    provider, client, appointment = await world.consultation()
    await role.knows(deps)
    a = await post("/twilio/voice", call(provider.dial_phone, call_sid="CA"+"f"*32)); print("warm", a.took_s, a.dials)
    if toxic == "latency": database.latency(0.3)
    elif toxic=="slow": database.slow(1000)
    else: getattr(database, toxic)()
    for n in range(3):
        a = await post("/twilio/voice", call(provider.dial_phone))
        print("known", a.status, round(a.took_s,3), a.dials, a.body[:150])
    a = await post("/twilio/voice", call("+12125550199"))
    print("unknown", a.status, round(a.took_s,3), a.dials, a.body[:150])
    many = await asyncio.gather(*(post("/twilio/voice", call(provider.dial_phone)) for _ in range(100)))
    print("100", max(m.took_s for m in many), sum(m.dials for m in many), {m.status for m in many})
    a = await post("/twilio/voice/pin/00000000-0000-4000-8000-000000000000?n=1", call(provider.dial_phone, Digits="123456"))
    print("pin", a.status, round(a.took_s,3), a.dials, a.body[:150])
    a = await post("/twilio/voice/dialled/00000000-0000-4000-8000-000000000000", call(provider.dial_phone, DialCallStatus="no-answer"))
    print("dialled", a.status, round(a.took_s,3), a.dials, a.body[:150])
    a = await post("/twilio/voice/fallback", call(provider.dial_phone, ErrorCode="11200", ErrorUrl="http://x/twilio/voice"))
    print("fallback", a.status, round(a.took_s,3), a.dials, a.body[:150])
    many = await asyncio.gather(*(post("/twilio/voice/leg/00000000-0000-4000-8000-000000000000", call(provider.dial_phone, CallStatus="ringing")) for _ in range(100)))
    print("leg", max(m.took_s for m in many), {m.status for m in many})
    await database.up()
    t=asyncio.get_running_loop().time()
    for n in range(3):
        a = await post("/twilio/voice", call(provider.dial_phone))
        print("healed", a.status, round(a.took_s,3), a.dials, a.body[:150])
    print(role.standby.waiting())
    print(await role.standby.drain(deps), asyncio.get_running_loop().time()-t)
