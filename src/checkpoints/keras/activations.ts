import { float, int } from '../../graph/build.js';
import { isObject, shown } from './settings.js';
import type { LayerSite } from './site.js';
import { graphAxis, type Value } from './value.js';

/** Emits one activation of a value of the graph; `axis` is that of the channels. */
type Activation = (s: LayerSite, x: string, axis: number) => string;

const simple =
  (op: string): Activation =>
  (s, x) =>
    s.op(op, [x]);

const clipped = (s: LayerSite, x: string, low: number, high: number) => s.math('Clip', x, low, high);

/** relu6(x + 3) / 6 (Howard et al. 2019). */
const hardSigmoid6: Activation = (s, x) =>
  s.op('HardSigmoid', [x], { alpha: float(1 / 6), beta: float(0.5) });

/** Keras before 3 and TensorFlow.js: a fifth of x. */
const hardSigmoid5: Activation = (s, x) => s.op('HardSigmoid', [x], { alpha: float(0.2), beta: float(0.5) });

const silu: Activation = (s, x) => s.op('Mul', [x, s.op('Sigmoid', [x])]);
const hardSilu: Activation = (s, x, axis) => s.op('Mul', [x, hardSigmoid6(s, x, axis)]);

/** x times the normal distribution function (Hendrycks & Gimpel 2016). */
export const gelu: Activation = (s, x) => {
  const cumulative = s.math('Add', s.op('Erf', [s.math('Mul', x, Math.SQRT1_2)]), 1);
  return s.math('Mul', s.math('Mul', x, 0.5), cumulative);
};

/** The approximation by tanh of the same paper. */
export const geluTanh: Activation = (s, x) => {
  const cubic = s.math('Mul', s.math('Mul', x, s.math('Mul', x, x)), 0.044715);
  const inner = s.math('Mul', s.math('Add', x, cubic), Math.sqrt(2 / Math.PI));
  return s.math('Mul', s.math('Mul', x, 0.5), s.math('Add', s.op('Tanh', [inner]), 1));
};

/** Activations by the names that configurations have. */
export const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: (_, x) => x,
  relu: simple('Relu'),
  relu6: (s, x) => clipped(s, x, 0, 6),
  leaky_relu: (s, x) => s.op('LeakyRelu', [x], { alpha: float(0.2) }),
  elu: (s, x) => s.op('Elu', [x], { alpha: float(1) }),
  selu: simple('Selu'),
  celu: (s, x) => s.op('Celu', [x], { alpha: float(1) }),
  gelu,
  gelu_new: geluTanh,
  silu,
  swish: silu,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  mish: simple('Mish'),
  sigmoid: simple('Sigmoid'),
  hard_sigmoid: (s, x, axis) => (s.dialect === 'keras3' ? hardSigmoid6 : hardSigmoid5)(s, x, axis),
  log_sigmoid: (s, x) => s.op('Neg', [s.op('Softplus', [s.op('Neg', [x])])]),
  tanh: simple('Tanh'),
  hard_tanh: (s, x) => clipped(s, x, -1, 1),
  softplus: simple('Softplus'),
  softsign: simple('Softsign'),
  exponential: simple('Exp'),
  softmax: (s, x, axis) => s.op('Softmax', [x], { axis: int(axis) }),
  log_softmax: (s, x, axis) => s.op('LogSoftmax', [x], { axis: int(axis) }),
};

/** TensorFlow.js has camelCase inside and may write it. */
const snake = (name: string) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

/**
 * Applies what a layer's `activation` says: a name, an object around a name, or a layer such as ReLU.
 * @param layer applies an activation that is a layer of its own; undefined when the class is no such layer
 * Errors: `op-unsupported`, naming the layer.
 */
export function activated(
  s: LayerSite,
  x: Value,
  activation: unknown,
  layer?: (s: LayerSite, x: Value, className: string, config: object) => Value | undefined,
): Value {
  if (activation === undefined || activation === null) return x;
  if (isObject(activation)) {
    const { class_name: className, config } = activation;
    // Keras 3 writes functions as { class_name: 'function', config: NAME }.
    if (className === 'function') return activated(s, x, config, layer);
    const value = typeof className === 'string' && layer?.(s, x, className, isObject(config) ? config : {});
    if (value) return value;
  }
  const name = typeof activation === 'string' ? snake(activation) : '';
  if (!Object.hasOwn(ACTIVATIONS, name)) throw s.unsupported(`the activation ${shown(activation)}`);
  return s.same(ACTIVATIONS[name]!(s, x.name, graphAxis(x, x.shape.length)), x);
}
