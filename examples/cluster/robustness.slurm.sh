#!/bin/bash
# Robustness of all models: 4 shards, and a merge when all are done. Submit it with: bash THIS-FILE
# Run it again after a failure: every shard goes on where it was stopped.
set -euo pipefail

assay=(assay)
run=(run robustness.run.yaml --device cuda)
out=assay-runs/robustness
parts=assay-runs/robustness.shards
shards=4
options=(--job-name=robustness --partition=gpu --mem=16G)

case "${1-submit}" in
  shard)
    exec "${assay[@]}" "${run[@]}" --shard "$SLURM_ARRAY_TASK_ID/$shards" --out "$parts/$SLURM_ARRAY_TASK_ID-of-$shards"
    ;;
  merge)
    folders=()
    for ((i = 1; i <= shards; i++)); do folders+=("$parts/$i-of-$shards"); done
    exec "${assay[@]}" merge "${folders[@]}" --out "$out"
    ;;
  submit)
    mkdir -p "$parts/logs"
    # Slurm puts something in place of %j and its kin in the path of a log, where no backslash is in it.
    logs=$(CDPATH='' cd -- "$parts/logs" && pwd)
    if [[ $logs == *\\* ]]; then
      echo "Slurm takes no backslash in the path of a log: $logs" >&2
      exit 2
    fi
    logs=${logs//%/%%}
    array=$(sbatch --parsable --requeue --array="1-$shards" "${options[@]}" --cpus-per-task=4 --gpus=1 --time=180 --output="$logs/%a.log" "$0" shard)
    array=${array%%;*}
    merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes "${options[@]}" --output="$logs/merge.log" "$0" merge)
    echo "array $array, merge ${merge%%;*}: logs are in $parts/logs"
    ;;
  *)
    echo "usage: bash $0" >&2
    exit 2
    ;;
esac
