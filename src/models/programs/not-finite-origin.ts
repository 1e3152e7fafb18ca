import type { Engine, Value } from '../../engines/engine.js';
import { outputOf } from '../../engines/outputs.js';
import { AssayError } from '../../errors.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { asFloat32 } from '../../graph/widen.js';

/**
 * The node where the NaN or infinity begins that reaches an output, for people: `node "sqrt_1" (Sqrt)`. It is the
 * first in topological order of those that hand it on to an output: an infinity that goes nowhere, such as in an
 * attention mask, is none. Every value is looked at in one run, and only one number of each leaves the engine.
 * Undefined where all outputs are finite when every value is looked at, or where the engine cannot do so.
 * @param feeds one example, or the fixed batch of the graph
 */
export async function notFiniteOrigin(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
): Promise<string | undefined> {
  const values = [...new Set(graph.nodes.flatMap(({ outputs }) => outputs))].filter((name) => name !== '');
  const { probed, names } = probing(graph, values);
  try {
    const program = await engine.compile(probed);
    try {
      const ran = await program.run(feeds);
      const spoilt = new Set(values.filter((_, i) => Number.isNaN(Number(outputOf(ran, names[i]!).data[0]))));
      const first = firstOf(graph, spoilt);
      return first && described(first, graph);
    } finally {
      await program.release();
    }
  } catch (error) {
    // Sequences and strings have no numbers to look at; a network at a limit of memory has no room for the look.
    if (
      error instanceof AssayError &&
      ['engine-failed', 'op-unsupported', 'limit-exceeded'].includes(error.code)
    )
      return undefined;
    throw error;
  }
}

/** The graph with one number of each value as outputs, in place of its own: 0, or NaN where one is not finite. */
function probing(graph: Graph, values: readonly string[]): { probed: Graph; names: string[] } {
  const b = new GraphBuilder({ ...graph, outputs: [] });
  const names = values.map((value) => {
    const float32 = b.op('Cast', [value], { to: int(1) });
    const zeros = b.op('Sub', [float32, float32]);
    return b.outputAs(b.op('ReduceSum', [zeros], { keepdims: int(0) }), 'probe', 'float32', []);
  });
  return { probed: prune(b.build()), names };
}

/** Walks from the outputs along what is not finite. */
function firstOf({ nodes, outputs }: Graph, spoilt: ReadonlySet<string>): Node | undefined {
  const reached = new Set(outputs.map(({ name }) => name).filter((name) => spoilt.has(name)));
  let first: Node | undefined;
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => reached.has(name))) continue;
    first = node;
    for (const name of node.inputs) if (spoilt.has(name)) reached.add(name);
  }
  return first;
}

function described({ name, op, inputs }: Node, { initializers }: Graph): string {
  const constant = inputs.find((input) => {
    const tensor = initializers.get(input);
    return tensor && asFloat32(tensor)?.some((value) => !Number.isFinite(value));
  });
  return `node "${name}" (${op})${constant === undefined ? '' : `, whose constant "${constant}" is not finite`}`;
}
