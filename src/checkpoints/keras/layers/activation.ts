import { float, int } from '../../../graph/build.js';
import { activated } from '../activations.js';
import type { LayerSite } from '../site.js';
import { graphAxis, type Value } from '../value.js';
import type { LayerRow } from './row.js';

/** Piecewise linear: 0 or a slope below the threshold, x above it, at most `max_value`. */
function relu(s: LayerSite): Value {
  const { name } = s.x;
  const slope = s.settings.number(['negative_slope', 'alpha'], 0);
  const threshold = s.settings.number('threshold', 0);
  const max = s.settings.raw('max_value') === undefined ? undefined : s.settings.number('max_value');
  if (slope !== 0 && threshold === 0 && max === undefined)
    return s.same(s.op('LeakyRelu', [name], { alpha: float(slope) }));
  let kept = thresholded(s, name, threshold);
  if (max !== undefined) kept = s.math('Clip', threshold === 0 ? name : kept, 0, max);
  if (slope === 0) return s.same(kept);
  const below = s.op('Relu', [s.math('Sub', threshold, name)]);
  return s.same(s.math('Sub', kept, s.math('Mul', below, slope)));
}

/** x where it is above the threshold, otherwise 0. */
function thresholded(s: LayerSite, name: string, threshold: number): string {
  if (threshold === 0) return s.op('Relu', [name]);
  return s.op('ThresholdedRelu', [name], { alpha: float(threshold) });
}

/** A slope for each number of the input, but for axes along which it is shared. */
function prelu(s: LayerSite): Value {
  const shared = s.settings.integers('shared_axes', 1) ?? [];
  const axes = s.x.shape.map((_, i) => i + 1);
  const own = axes.filter((axis) => !shared.includes(axis));
  const sizes = axes.map((axis) => (own.includes(axis) ? s.known([axis])[0]! : 1));
  const slope = s.along('alpha', s.x, axes, sizes, s.weight('alpha', sizes));
  return s.same(s.op('PRelu', [s.x.name, slope]));
}

function softmax(s: LayerSite): Value {
  const given = s.settings.raw('axis') ?? -1;
  const list = Array.isArray(given) ? given : [given];
  if (list.length !== 1) throw s.unsupported('a softmax over several axes');
  return s.same(s.op('Softmax', [s.x.name], { axis: int(graphAxis(s.x, s.axis(list[0]))) }));
}

/** Activations that are layers. */
export const activation: readonly LayerRow[] = [
  { className: 'Activation', apply: (s) => activatedBy(s, s.x, s.settings.raw('activation')) },
  { className: 'ReLU', apply: relu },
  {
    className: 'LeakyReLU',
    apply: (s) => {
      const alpha = s.settings.number(['negative_slope', 'alpha'], 0.3);
      return s.same(s.op('LeakyRelu', [s.x.name], { alpha: float(alpha) }));
    },
  },
  { className: 'PReLU', apply: prelu },
  {
    className: 'ELU',
    apply: (s) => s.same(s.op('Elu', [s.x.name], { alpha: float(s.settings.number('alpha', 1)) })),
  },
  {
    className: 'ThresholdedReLU',
    apply: (s) => s.same(thresholded(s, s.x.name, s.settings.number('theta', 1))),
  },
  { className: 'Softmax', apply: softmax },
];

/** Those that have no weights may stand where a name is usual. */
const WITHOUT_WEIGHTS = ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Softmax'];

/** Applies an `activation` setting of any kind. Errors: `op-unsupported`. */
export function activatedBy(s: LayerSite, x: Value, setting: unknown): Value {
  return activated(s, x, setting, (site, value, className, config) => {
    const row = WITHOUT_WEIGHTS.includes(className) && activation.find((one) => one.className === className);
    return row ? row.apply(site.as(value, config)) : undefined;
  });
}
