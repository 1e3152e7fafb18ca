import { stringify } from 'yaml';
import { oneLine } from '../one-line.js';
import { shellWords } from './shell-quote.js';
import { minutesOf, needed, type Settings, shardsFolder, type Target } from './submission.js';

/** An indexed Job with a pod for every shard, and a suspended Job that merges. */
export const kubernetes: Target = {
  name: 'kubernetes',
  file: (slug) => `${slug}.k8s.yaml`,
  write: (submission) => {
    const { title, slug, shards, run, out, assay, settings } = submission;
    const name = slug.slice(0, 50).replace(/-+$/, '');
    const minutes = minutesOf(submission);
    const parts = shardsFolder(out);
    const measure = `i=$((JOB_COMPLETION_INDEX + 1)); exec ${podWords([...assay, ...run])} --shard "$i/${shards}" --out ${podWords([parts])}/"$i-of-${shards}"`;
    const folders = Array.from({ length: shards }, (_, i) => `${parts}/${i + 1}-of-${shards}`);
    const merge = `exec ${podWords([...assay, 'merge', ...folders, '--out', out])}`;
    const jobs = [
      job(name, settings, measure, minutes, {
        completionMode: 'Indexed',
        completions: shards,
        parallelism: shards,
        // Of every shard: what is measured is kept, so that a pod that was evicted goes on.
        backoffLimit: 3 * shards,
      }),
      job(`${name}-merge`, settings, merge, undefined, { suspend: true, backoffLimit: 2 }),
    ];
    const note = `# ${oneLine(title)}: ${shards} shards, and a merge that is let go when all are done.\n`;
    const space = settings.namespace === undefined ? [] : ['--namespace', settings.namespace];
    const kubectl = (...words: string[]) => shellWords(['kubectl', ...space, ...words]);
    const wait = (condition: string, timeout: string) =>
      kubectl('wait', `--for=condition=${condition}`, `--timeout=${timeout}`, `job/${name}`);
    return {
      text: note + jobs.map((one) => stringify(one, { aliasDuplicateObjects: false })).join('---\n'),
      next: (file) => [
        kubectl('apply', '--filename', file),
        // A Job that failed never completes; `kubectl wait` waits for one condition only.
        `(until ${wait('complete', '60s')}; do ! ${wait('failed', '0s')} || exit 1; sleep 5; done) && ${kubectl('patch', `job/${name}-merge`, '--patch', '{"spec":{"suspend":false}}')}`,
      ],
      notes: [
        `the claim must be one that many nodes may write to (ReadWriteMany), with models, data and the run file below ${settings.mount}`,
        ...(settings.memory === undefined ? ['no memory is asked for: a node may be short of it'] : []),
      ],
    };
  },
};

/** Words for the shell of a pod. In its command $(NAME) is a variable to Kubernetes, in quotes as well, and $$ a $. */
const podWords = (words: readonly string[]): string => shellWords(words).replaceAll('$', '$$$$');

/** @param minutes of a pod, not of all of them together: they may have to wait for nodes */
function job(name: string, settings: Settings, script: string, minutes: number | undefined, spec: object) {
  const { cpus, memory, gpus, mount, namespace } = settings;
  const image = needed(
    'a Job on Kubernetes',
    settings.image,
    '--image',
    'an image with Assay in it, such as registry.example/assay:0.1.0',
  );
  const claimName = needed(
    'a Job on Kubernetes',
    settings.claim,
    '--claim',
    'a PersistentVolumeClaim with models, data and the run file',
  );
  const amounts = {
    cpu: String(cpus),
    ...(memory !== undefined && { memory: `${memory}i` }),
    ...(gpus && { 'nvidia.com/gpu': String(gpus) }),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ...(namespace !== undefined && { namespace }), labels: { app: 'assay' } },
    spec: {
      ...spec,
      template: {
        metadata: { labels: { app: 'assay' } },
        spec: {
          restartPolicy: 'Never',
          ...(minutes !== undefined && { activeDeadlineSeconds: 60 * minutes }),
          containers: [
            {
              name: 'assay',
              image,
              command: ['/bin/sh', '-c', script],
              workingDir: mount,
              resources: { requests: amounts, limits: amounts },
              volumeMounts: [{ name: 'work', mountPath: mount }],
            },
          ],
          volumes: [{ name: 'work', persistentVolumeClaim: { claimName } }],
        },
      },
    },
  };
}
