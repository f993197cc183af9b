import asyncio, time, os
from collections import Counter, defaultdict
import pytest, schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema, events
from tests.portal.api.conftest import *

NUM = st.integers(0,99)
def setup():
    schemathesis.openapi.format("email", st.builds(lambda a,b: f"{a}@{b}.example.com", st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,4})?", fullmatch=True), st.from_regex(r"[a-z]{1,5}", fullmatch=True)))
    schemathesis.openapi.format("phone", st.builds(lambda t,n: t.format(n), st.sampled_from(["+12125550{:03d}","(212) 555-0{:03d}","212.555.0{:03d}","212-555-0{:03d}"]), st.integers(100,199)))
    schemathesis.openapi.format("iana-time-zone", st.sampled_from(["America/New_York","Europe/Berlin","Asia/Kolkata","UTC"]))
    from datetime import datetime, timezone, timedelta
    inst = st.datetimes(min_value=datetime(2000,1,2), max_value=datetime(2099,12,30), timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=5,minutes=30)), timezone(timedelta(hours=-5))])).map(lambda d: d.isoformat())
    schemathesis.openapi.format("date-time", inst)

async def test_try(base, admin, deps):
    setup()
    n=int(os.environ.get("N","20"))
    phases=os.environ.get("P","examples,coverage,fuzzing,stateful").split(",")
    cfg={"headers":{"Authorization":f"Bearer {admin.token}"},"base-url":f"{base}/api/v1","generation":{"max-examples":n,"deterministic":True,"no-shrink":True},"continue-on-failure":True,
      "phases":{p:{"enabled":p in phases} for p in ("examples","coverage","fuzzing","stateful")},
      "checks":{"positive_data_acceptance":{"expected-statuses":["2xx","403","404","409","422"]}},
      "workers":int(os.environ.get("W","1")),
      }
    def run():
        config=SchemathesisConfig.from_dict(cfg)
        schema=schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json", config=config)
        t=time.time(); cnt=defaultdict(Counter); fails={}
        tm=Counter()
        for e in from_schema(schema).execute():
            if isinstance(e, events.PhaseFinished): print("phase", e.phase.name, e.status, round(time.time()-t,1)); t=time.time()
            if isinstance(e,(events.NonFatalError,events.FatalError)): print("ERR", e.__dict__)
            if isinstance(e,(events.SchemaAnalysisWarnings,)): print("WARN", e.__dict__)
            if isinstance(e, events.ScenarioFinished):
                tm[(str(e.phase),e.label)]+=e.elapsed_time
                for cid,i in e.recorder.interactions.items():
                    if i.response is None: continue
                    lab=e.recorder.cases[cid].value.operation.label
                    cnt[lab][i.response.status_code]+=1
                for cid,checks in e.recorder.checks.items():
                    for c in checks:
                        if c.failure_info: 
                            f=c.failure_info.failure
                            key=(e.recorder.cases[cid].value.operation.label,type(f).__name__,f.message[:100])
                            if key not in fails: fails[key]=c.failure_info.code_sample+" :: "+f.message+" :: "+(e.recorder.interactions[cid].response.content[:300].decode() if cid in e.recorder.interactions and e.recorder.interactions[cid].response else "")
        for l,c in sorted(cnt.items()): print(l, dict(c), sum(c.values()))
        print("total", sum(sum(c.values()) for c in cnt.values()))
        print(tm.most_common(8))
        for k,v in fails.items(): print("FAIL",k,"\n    ",v[:900])
    import yappi
    yappi.set_clock_type("cpu"); yappi.start()
    await asyncio.to_thread(run)
    yappi.stop(); yappi.get_func_stats().sort("tsub").print_all(columns={0:("name",80),1:("ncall",8),2:("tsub",8),3:("ttot",8)})
