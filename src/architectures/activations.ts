import { Type } from '../config/type.js';
import { float } from '../graph/build.js';
import type { Network, Value } from './network.js';

/** Functions of one number, by the name that a card takes. PyTorch's defaults. */
const ACTIVATIONS = {
  relu: (net: Network, x: Value) => net.relu(x),
  'leaky-relu': (net: Network, x: Value) => net.relu(x, 0.01),
  tanh: (net: Network, x: Value) => net.elementwise(x, 'Tanh'),
  sigmoid: (net: Network, x: Value) => net.elementwise(x, 'Sigmoid'),
  elu: (net: Network, x: Value) => net.elementwise(x, 'Elu', { alpha: float(1) }),
  selu: (net: Network, x: Value) => net.elementwise(x, 'Selu'),
  softplus: (net: Network, x: Value) => net.elementwise(x, 'Softplus'),
  silu: (net: Network, x: Value) => {
    const gate = net.elementwise(x, 'Sigmoid');
    return { name: net.b.op('Mul', [x.name, gate.name]), dims: x.dims };
  },
  gelu: (net: Network, x: Value) => {
    // x / 2 (1 + erf(x / sqrt 2))
    const { b } = net;
    const erf = b.op('Erf', [b.op('Mul', [x.name, b.scalar(Math.SQRT1_2)])]);
    const half = b.op('Mul', [x.name, b.scalar(0.5)]);
    return { name: b.op('Mul', [half, b.op('Add', [erf, b.scalar(1)])]), dims: x.dims };
  },
  /** With the tanh in place of the error function. */
  'gelu-tanh': (net: Network, x: Value) => {
    const { b } = net;
    const cube = b.op('Mul', [b.op('Mul', [x.name, x.name]), x.name]);
    const inner = b.op('Add', [x.name, b.op('Mul', [cube, b.scalar(0.044715)])]);
    const tanh = b.op('Tanh', [b.op('Mul', [inner, b.scalar(Math.sqrt(2 / Math.PI))])]);
    const half = b.op('Mul', [x.name, b.scalar(0.5)]);
    return { name: b.op('Mul', [half, b.op('Add', [tanh, b.scalar(1)])]), dims: x.dims };
  },
  /** x sigmoid(1.702 x), of CLIP's code */
  'quick-gelu': (net: Network, x: Value) => {
    const gate = net.b.op('Sigmoid', [net.b.op('Mul', [x.name, net.b.scalar(1.702)])]);
    return { name: net.b.op('Mul', [x.name, gate]), dims: x.dims };
  },
  relu6: (net: Network, x: Value) => ({
    name: net.b.op('Clip', [x.name, net.b.scalar(0), net.b.scalar(6)]),
    dims: x.dims,
  }),
  'hard-swish': (net: Network, x: Value) => {
    const gate = net.elementwise(x, 'HardSigmoid', { alpha: float(1 / 6), beta: float(0.5) });
    return { name: net.b.op('Mul', [x.name, gate.name]), dims: x.dims };
  },
  mish: (net: Network, x: Value) => {
    const gate = net.b.op('Tanh', [net.b.op('Softplus', [x.name])]);
    return { name: net.b.op('Mul', [x.name, gate]), dims: x.dims };
  },
} satisfies Record<string, (net: Network, x: Value) => Value>;

export type Activation = keyof typeof ACTIVATIONS;
export const activationNames = Object.keys(ACTIVATIONS) as Activation[];

export const ActivationName = Type.Union(
  activationNames.map((name) => Type.Literal(name)),
  { description: 'The function between layers. Default: relu; weights do not tell.' },
);

export function activate(network: Network, x: Value, name: Activation): Value {
  return ACTIVATIONS[name](network, x);
}
