import type { Graph, Node, Tensor } from '../../graph/graph.js';

interface Fault {
  op: string;
  /** Whether a node is of the kind that goes wrong. */
  met(node: Node, constant: (name: string) => Tensor | undefined): boolean;
}

/**
 * What onnxruntime 1.30 gets wrong on WebGPU. All but the convolution are refused when they are run, although they
 * were accepted before.
 */
const faults: readonly Fault[] = [
  /** Refused: "The Indices output is not supported yet". */
  { op: 'MaxPool', met: ({ outputs }) => Boolean(outputs[1]) },
  /**
   * Wrong numbers: kernels wider than a pixel over 6, 9, 15, 18, ... channels (multiples of 3, but not of 4), when
   * the outputs are a multiple of 4. Three channels are right.
   */
  {
    op: 'Conv',
    met({ inputs, attributes }, constant) {
      const [outputs = 0, channels = 0, ...kernel] = constant(inputs[1]!)?.dims ?? [];
      const group = attributes.group?.kind === 'int' ? attributes.group.value : 1;
      const fits = outputs % 4 === 0 && channels % 3 === 0 && channels % 4 !== 0 && channels > 3;
      return group === 1 && fits && kernel.some((width) => width > 1);
    },
  },
  /** Refused when exponent and base differ in shape, unless the exponent is one number. */
  {
    op: 'Pow',
    met: ({ inputs }, constant) => constant(inputs[1]!)?.dims.every((d) => d === 1) !== true,
  },
  /** Refused with an ellipsis. */
  {
    op: 'Einsum',
    met: ({ attributes: { equation } }) => equation?.kind === 'string' && equation.value.includes('...'),
  },
];

/** Names of the nodes that must be left to the processor. */
export function webgpuFaults({ nodes, initializers }: Graph): string[] {
  const constant = (name: string) => initializers.get(name);
  return nodes
    .filter((node) => faults.some(({ op, met }) => op === node.op && !node.domain && met(node, constant)))
    .map(({ name }) => name);
}
