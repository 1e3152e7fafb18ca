import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { CASES, ELSEWHERE } from '../autodiff/cases.js';
import { STANDARD_OPERATORS } from './standard-operators.js';

const INTRODUCTION = `# Operators

Written by \`npm run docs\` from the tables in \`src/autodiff\`; a test holds this page equal to them.

**Forward.** A network runs as it is on onnxruntime, so every operator that onnxruntime executes runs, in
other domains too. ONNX operator sets 7 to 26 are read. Older forms are rewritten in today's, and the model's own
functions are inlined where they are called.

**Gradient.** Every operator between the pixels and the logits or the energy needs a rule:

- *rule*: the gradient is written down for this operator;
- *in primitives*: where a gradient passes through, the operator is first rewritten in others that have rules;
- *straight through*: the operator rounds, which has no gradient. The gradient passes as if it did not round, and is
  zero where the value saturates. That is an estimate: \`assay inspect\` and every report say so, since attacks that
  follow it may miss adversarial images;
- *zero*: the output is an integer, a truth value, piecewise constant or random; nothing passes;
- *none*: \`assay inspect\` names such operators, and suites that need no gradient still run.

**Second gradient.** A gradient is again a graph of operators that have rules, so it can be differentiated again;
"yes" means that this was compared with finite differences of the first. It is zero almost everywhere for piecewise
linear operators.

**Tested.** Each sample input is compared along random directions with central differences, extrapolated to a step of
zero: the first and the second derivative in operator set 18 (or the one that brought the operator), the first also in
operator set 26. Whole networks are compared with PyTorch in float64: see [architectures](architectures-checked.md).

## Types

Everything is computed in float32. A network in float16 or bfloat16 keeps its weights as they are (every 16-bit float
is a float32), and its values are not rounded to 16 bits in between; onnxruntime's CPU kernels compute in float32 too,
but round after each node. So the gradient is that of the function the weights define, and outputs may differ from a
16-bit run in the last digits of the type. A network that takes float64 is rounded to float32.
Reports say so. Arithmetic in float64 inside a float32 network stays as it is.

## Restrictions

Indices, slices, sizes and axes must not depend on the values of an image. Those computed from shapes become constants
when the model is opened. These are refused, with the reason: resizing with antialias or with a kept aspect ratio; slices of the
batch axis; quantisation in blocks; attention with caches of past keys, a soft cap or a mask computed at run time;
batch normalisation in training mode.
`;

interface Row {
  op: string;
  gradient: string;
  second: string;
  tested: string;
}

/** Written as: \`3 samples: some axes; no keepdims; all axes\`. */
function tested(op: string): string {
  if (ELSEWHERE[op]) return `\`${ELSEWHERE[op]}\``;
  const samples = CASES[op] ?? [];
  const named = samples.flatMap(({ what }) => (what ? [what.replaceAll('|', '\\|')] : []));
  const count = `${samples.length} sample${samples.length === 1 ? '' : 's'}`;
  return named.length > 0 ? `${count}: ${named.join('; ')}` : count;
}

function rows(): Row[] {
  const both = new Set([...GRADIENTS.keys(), ...LOWERINGS.keys()]);
  const differentiated = [...both].map((op): Row => {
    const rule = GRADIENTS.get(op);
    const lowered = LOWERINGS.has(op);
    const kind = rule?.straightThrough ? 'straight through' : rule ? 'rule' : 'in primitives';
    return {
      op,
      gradient: rule && lowered ? 'rule; some forms in primitives' : kind,
      second: ELSEWHERE[op] ? 'not compared' : 'yes',
      tested: tested(op),
    };
  });
  const flat = [...FLAT].map((op): Row => ({ op, gradient: 'zero', second: 'zero', tested: '' }));
  return [...differentiated, ...flat].sort((a, b) => (a.op < b.op ? -1 : 1));
}

/** The text of docs/operators.md. */
export function operatorsPage(): string {
  const table = rows();
  const listed = new Set(table.map(({ op }) => op));
  const forward = STANDARD_OPERATORS.filter((op) => !listed.has(op));
  const lines = [
    '| operator | gradient | second gradient | tested |',
    '|---|---|---|---|',
    ...table.map((r) => `| ${r.op} | ${r.gradient} | ${r.second} | ${r.tested} |`),
  ];
  return `${INTRODUCTION}
## With a gradient, or known to have none

${lines.join('\n')}

## Forward only

The other standard operators have no gradient rule. (Swish is read as \`x * Sigmoid(alpha x)\`. A \`Cast\` to an
integer stops the gradient.)

${forward.filter((op) => op !== 'Swish').join(', ')}.
`;
}
