import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Type } from '@sinclair/typebox';
import { check } from '../../src/config/validate.js';

/**
 * The part of `io.k8s.api.batch.v1.Job`, as the Kubernetes API reference publishes it, that our Jobs use: closed, so that
 * a misspelt field fails. The whole schema is asked in development: `ASSAY_KUBERNETES=FOLDER npx vitest run test/submit`,
 * where `npm install kubernetes-models` was run in FOLDER.
 */
const closed = { additionalProperties: false };
const natural = Type.Integer({ minimum: 0 });
const amount = Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$' });
const label = Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' });
const amounts = Type.Object(
  {
    cpu: amount,
    memory: Type.Optional(amount),
    'nvidia.com/gpu': Type.Optional(Type.String({ pattern: '^[1-9][0-9]*$' })),
  },
  closed,
);
const labels = Type.Record(Type.String(), label);
const Job = Type.Object(
  {
    apiVersion: Type.Literal('batch/v1'),
    kind: Type.Literal('Job'),
    metadata: Type.Object({ name: label, namespace: Type.Optional(label), labels }, closed),
    spec: Type.Object(
      {
        completionMode: Type.Optional(Type.Union([Type.Literal('Indexed'), Type.Literal('NonIndexed')])),
        completions: Type.Optional(natural),
        parallelism: Type.Optional(natural),
        backoffLimit: natural,
        suspend: Type.Optional(Type.Boolean()),
        template: Type.Object(
          {
            metadata: Type.Object({ labels }, closed),
            spec: Type.Object(
              {
                restartPolicy: Type.Union([Type.Literal('Never'), Type.Literal('OnFailure')]),
                activeDeadlineSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
                containers: Type.Array(
                  Type.Object(
                    {
                      name: label,
                      image: Type.String({ minLength: 1 }),
                      command: Type.Array(Type.String()),
                      workingDir: Type.String(),
                      resources: Type.Object({ requests: amounts, limits: amounts }, closed),
                      volumeMounts: Type.Array(
                        Type.Object({ name: label, mountPath: Type.String({ pattern: '^[^:]+$' }) }, closed),
                      ),
                    },
                    closed,
                  ),
                  { minItems: 1 },
                ),
                volumes: Type.Array(
                  Type.Object(
                    { name: label, persistentVolumeClaim: Type.Object({ claimName: label }, closed) },
                    closed,
                  ),
                ),
              },
              closed,
            ),
          },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
);

/** What is wrong with a Job, as messages. */
export function jobProblems(job: unknown): string[] {
  try {
    check(Job, job, { what: 'Job' });
    wholeSchema()?.(job);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The check by the schemas that Kubernetes publishes, where they are. */
function wholeSchema(): ((job: unknown) => void) | undefined {
  const folder = process.env.ASSAY_KUBERNETES;
  if (folder === undefined) return undefined;
  const { Job } = createRequire(join(resolve(folder), 'package.json'))('kubernetes-models/batch/v1');
  return (job) => new Job(job).validate();
}
