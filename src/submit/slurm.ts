import { oneLine } from '../one-line.js';
import { shellWord, shellWords } from './shell-quote.js';
import { minutesOf, shardsFolder, type Target } from './submission.js';

/** A script that submits itself: an array with a task for every shard, and a merge that waits for all of them. */
export const slurm: Target = {
  name: 'slurm',
  file: (slug) => `${slug}.slurm.sh`,
  write: (submission) => {
    const { title, slug, shards, run, out, assay, settings } = submission;
    const minutes = minutesOf(submission);
    const { cpus, memory, gpus, partition, account } = settings;
    const common = [
      `--job-name=${slug}`,
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(account === undefined ? [] : [`--account=${account}`]),
      ...(memory === undefined ? [] : [`--mem=${memory}`]),
    ];
    const task = [
      `--cpus-per-task=${cpus}`,
      ...(gpus ? [`--gpus=${gpus}`] : []),
      ...(minutes === undefined ? [] : [`--time=${minutes}`]),
    ];
    const text = `#!/bin/bash
# ${oneLine(title)}: ${shards} shards, and a merge when all are done. Submit it with: bash THIS-FILE
# Run it again after a failure: every shard goes on where it was stopped.
set -euo pipefail

assay=(${shellWords(assay)})
run=(${shellWords(run)})
out=${shellWord(out)}
parts=${shellWord(shardsFolder(out))}
shards=${shards}
options=(${shellWords(common)})

case "\${1-submit}" in
  shard)
    exec "\${assay[@]}" "\${run[@]}" --shard "$SLURM_ARRAY_TASK_ID/$shards" --out "$parts/$SLURM_ARRAY_TASK_ID-of-$shards"
    ;;
  merge)
    folders=()
    for ((i = 1; i <= shards; i++)); do folders+=("$parts/$i-of-$shards"); done
    exec "\${assay[@]}" merge "\${folders[@]}" --out "$out"
    ;;
  submit)
    mkdir -p "$parts/logs"
    # Slurm puts something in place of %j and its kin in the path of a log, where no backslash is in it.
    logs=$(CDPATH='' cd -- "$parts/logs" && pwd)
    if [[ $logs == *\\\\* ]]; then
      echo "Slurm takes no backslash in the path of a log: $logs" >&2
      exit 2
    fi
    logs=\${logs//%/%%}
    array=$(sbatch --parsable --requeue --array="1-$shards" "\${options[@]}" ${shellWords(task)} --output="$logs/%a.log" "$0" shard)
    array=\${array%%;*}
    merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes "\${options[@]}" --output="$logs/merge.log" "$0" merge)
    echo "array $array, merge \${merge%%;*}: logs are in $parts/logs"
    ;;
  *)
    echo "usage: bash $0" >&2
    exit 2
    ;;
esac
`;
    return {
      text,
      next: (file) => [`bash ${shellWord(file)}`],
      notes: [
        ...(minutes === undefined
          ? [
              'no --time is asked for, since nothing of these models is timed yet: the partition has a default; give --time or --probe',
            ]
          : []),
        'the run file, models, data and the run folder must lie where all nodes see them',
      ],
    };
  },
};
