import { Type } from '@sinclair/typebox';
import { check } from '../../src/config/validate.js';

/**
 * The part of `io.k8s.api.batch.v1.Job`, as the Kubernetes API reference publishes it, that our Jobs use: closed, so that
 * a misspelt field fails. No package with the schemas is among our dependencies.
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
        activeDeadlineSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
        suspend: Type.Optional(Type.Boolean()),
        template: Type.Object(
          {
            metadata: Type.Object({ labels }, closed),
            spec: Type.Object(
              {
                restartPolicy: Type.Union([Type.Literal('Never'), Type.Literal('OnFailure')]),
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
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
