"""Validates exports with the programs that read them: python validate.py FOLDER. For development only, with
pip install every-eval-ever huggingface_hub mlflow-skinny pyyaml."""

import json
import pathlib
import subprocess
import sys

import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from mlflow.models.evaluation.validation import MetricThreshold
from mlflow.utils.validation import _validate_metric, _validate_tag

root = pathlib.Path(sys.argv[1])
found = {}

records = sorted((root / "every-eval-ever").rglob("*.json"))
command = [sys.executable, "-m", "every_eval_ever", "validate", "--format", "json", *map(str, records)]
ran = subprocess.run(command, capture_output=True, text=True)
reports = json.loads(ran.stdout)
assert ran.returncode == 0, ran.stdout + ran.stderr
assert len(reports) == len(records) > 0 and all(report["valid"] for report in reports)
found["every-eval-ever"] = len(reports)

found["model-index"] = found["eval_results"] = 0
for readme in sorted((root / "hugging-face").glob("*/README.md")):
    card = ModelCard.load(readme)
    found["model-index"] += len(card.data.eval_results)
    entries = yaml.safe_load((readme.parent / ".eval_results" / "assay.yaml").read_text())
    found["eval_results"] += len(parse_eval_result_entries(entries))

found["metrics"] = found["thresholds"] = 0
for metrics in sorted((root / "mlflow").glob("*/metrics.json")):
    for key, value in json.loads(metrics.read_text()).items():
        _validate_metric(key, value, 0, 0)
        found["metrics"] += 1
    for key, limits in json.loads((metrics.parent / "thresholds.json").read_text()).items():
        MetricThreshold(**limits)
        found["thresholds"] += 1
    for key, value in json.loads((metrics.parent / "tags.json").read_text()).items():
        _validate_tag(key, value)

print(json.dumps(found))
