import { GraphBuilder, OPSET } from '../../src/graph/build.js';
import type { Case, Names } from './cases.js';
import { normals, type Point, type Probe } from './finite-differences.js';

/** Numbers 0.1 apart, in random order, none nearer than 0.05 to zero: no kink is within a step's reach. */
function distinct(n: number, purpose: string): Float32Array {
  const order = [...normals(purpose, n).entries()].sort((a, b) => a[1] - b[1]).map(([i]) => i);
  return Float32Array.from(order, (rank) => 0.1 * (rank - Math.floor(n / 2)) + 0.05);
}

/** A sample as a graph with output `y`, and a point in its domain. */
export function probe(sample: Case, opset = sample.opset ?? OPSET): Probe {
  const b = new GraphBuilder();
  const names = sample.inputs.map((dims, i) => b.input(`x${i}`, 'float32', dims));
  const of = b.outputAs(sample.emit(b, names as Names), 'y');
  const total = sample.inputs.map((dims) => dims.reduce((p, d) => p * d, 1));
  // Drawn together, so that no two inputs share a value either.
  const pool = distinct(
    total.reduce((a, c) => a + c, 0),
    'inputs',
  );
  let used = 0;
  const point: Point = Object.fromEntries(
    names.map((name, i) => {
      const drawn = normals(`inputs/${i}`, total[i]!);
      const values = {
        real: () => drawn,
        positive: () => drawn.map((v) => 0.7 + Math.abs(v)),
        distinct: () => pool.slice(used, used + total[i]!),
      }[sample.domain ?? 'real']();
      used += total[i]!;
      return [name, values];
    }),
  );
  const graph = b.build();
  return { graph: { ...graph, opsets: { '': opset } }, of, point };
}
