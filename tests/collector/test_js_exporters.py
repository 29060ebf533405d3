"""OpenTelemetry's own JavaScript exporters, from npm, against a real collector: what they send is stored, and they are told so."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from collector.processes import running_collector
from environments import ROOT, one_at_a_time
from free_ports import free_port

PLACE = ROOT / ".venv-js"  # kept between runs, as the Python ones are
VERSION = "0.223.1"
PACKAGES = [
    "@opentelemetry/sdk-trace-node@2.12.1",
    *(f"@opentelemetry/exporter-trace-otlp-{name}@{VERSION}" for name in ("http", "proto", "grpc")),
]
EXPORTERS = ("http", "proto", "grpc")
PROGRAM = """
const [collector, grpc] = process.argv.slice(2);
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const urls = { http: collector + '/v1/traces', proto: collector + '/v1/traces', grpc };

async function traces(name) {
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-' + name);
  const exporter = new OTLPTraceExporter({ url: urls[name] });
  const answers = [];
  const noted = { export: (spans, done) => exporter.export(spans, r => { answers.push(r.code); done(r); }),
                  shutdown: () => exporter.shutdown(), forceFlush: () => exporter.forceFlush() };
  const resource = resourceFromAttributes({ 'service.name': 'js-' + name });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(noted)] });
  const span = provider.getTracer('js').startSpan('chat gpt-5-mini', { attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini',
    'gen_ai.usage.input_tokens': 42, 'gen_ai.usage.output_tokens': 17, 'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'Grüße aus ' + name }] }]),
    'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: 'Hallo' }] }]) } });
  span.end();
  await provider.forceFlush();
  await provider.shutdown();
  return answers;
}

async function main() {
  const answers = {};
  for (const name of ['http', 'proto', 'grpc']) answers[name] = await traces(name);
  console.log(JSON.stringify(answers));
}
main();
"""


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder of installed packages. Skipped, with the reason, where there is no Node.js or no network."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node.js and npm on the PATH")
    wanted = json.dumps(PACKAGES)
    mark = PLACE / "installed.json"
    with one_at_a_time(ROOT / ".venv-js.making"):
        if not (mark.is_file() and mark.read_text() == wanted):
            PLACE.mkdir(exist_ok=True)
            quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
            command = [npm, "install", *quiet, "--prefix", str(PLACE), *PACKAGES]
            done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode:
                pytest.skip(f"the JavaScript exporters can't be installed: {done.stderr[-200:]}")
            mark.write_text(wanted)
    return PLACE


@pytest.mark.slow
def test_each_exporter_is_told_that_it_succeeded_and_its_call_is_there(modules: Path, tmp_path: Path) -> None:
    program = modules / "export.cjs"
    program.write_text(PROGRAM)
    grpc_port = free_port()
    with running_collector(tmp_path, "--grpc-port", str(grpc_port)) as collector:
        addresses = [f"http://127.0.0.1:{collector.port}", f"http://127.0.0.1:{grpc_port}"]
        command = ["node", str(program), *addresses]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == {name: [0] for name in EXPORTERS}  # ExportResultCode.SUCCESS
        collector.wait_calls(len(EXPORTERS))
        calls = {row["service"]: row for row in collector.rows("calls")}
        assert calls.keys() == {f"js-{name}" for name in EXPORTERS}
        for name in EXPORTERS:
            (call,) = collector.rows("call", call_id=calls[f"js-{name}"]["call_id"])
            assert (call["request_model"], call["input_tokens"], call["output_tokens"]) == ("gpt-5-mini", 42, 17)
            (asked, *_) = collector.rows("conversation", call_id=call["call_id"])
            assert f"Grüße aus {name}" in json.dumps(asked, ensure_ascii=False)
