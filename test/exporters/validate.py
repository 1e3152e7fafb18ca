"""Validates exports with the programs that read them: python validate.py FOLDER. For development only, with
pip install every-eval-ever huggingface_hub mlflow-skinny pyyaml."""

import json
import os
import pathlib
import subprocess
import sys

import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
from mlflow.models.evaluation.validation import MetricThreshold

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
mlflow.set_tracking_uri((root / "mlruns").as_uri())
for folder in sorted((root / "mlflow").iterdir()):
    metrics, tags, thresholds = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("metrics", "tags", "thresholds")
    )
    with mlflow.start_run() as run:
        mlflow.log_metrics(metrics)
        mlflow.set_tags(tags)
    kept = mlflow.get_run(run.info.run_id).data
    assert kept.metrics == metrics, "metrics that were changed"
    assert all(kept.tags[key] == value for key, value in tags.items())
    for limits in thresholds.values():
        MetricThreshold(**limits)
    assert set(thresholds) <= set(metrics)
    found["metrics"] += len(metrics)
    found["thresholds"] += len(thresholds)

print(json.dumps(found))
