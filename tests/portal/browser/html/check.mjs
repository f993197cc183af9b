// Looks at pages for as long as it is given some: one JSON list of [name, html] a line, one JSON list of problems back.
import { createInterface } from "node:readline";
import { HtmlValidate } from "html-validate";

const checker = new HtmlValidate({ root: true, extends: ["html-validate:standard"] });
for await (const line of createInterface({ input: process.stdin })) {
  const found = [];
  for (const [name, html] of JSON.parse(line)) {
    const report = await checker.validateString(html);
    for (const one of report.results.flatMap((result) => result.messages))
      found.push(`${name}, line ${one.line}: ${one.ruleId}: ${one.message}`);
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
