import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';

/** Batch normalisation as used at test time: a fixed affine map per channel. */
function batchNormalization(s: Site): (string | undefined)[] {
  const [x, scale, , mean, variance] = s.x as readonly [string, string, string, string, string];
  if (s.number('training_mode', 0))
    throw s.unsupported('it is in training mode; export the model in evaluation mode');
  const rank = s.rank(x);
  const perChannel = (value: string) => s.reshape(value, [1, -1, ...Array<number>(rank - 2).fill(1)]);
  const deviation = s.sqrt(s.add(variance, s.number('epsilon', 1e-5)));
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 1);
  const normalised = () => s.div(s.sub(x, perChannel(mean)), perChannel(deviation));
  return [
    s.mul(s.g, perChannel(s.div(scale, deviation))),
    s.wanted(1) ? s.reduceSum(s.mul(s.g, normalised()), others, false) : undefined,
    s.wanted(2) ? s.reduceSum(s.g, others, false) : undefined,
  ];
}

/** Gradients of normalisations that are not lowered. */
export const normalization: readonly GradientRow[] = [
  { op: 'BatchNormalization', gradient: batchNormalization },
];
