import type { Value } from '../../../src/engines/engine.js';
import type { Graph } from '../../../src/graph/graph.js';

interface FlatCase {
  op: string;
  name: string;
  graph: Graph;
  feeds: Record<string, Value>;
}

export const FLAT_CASES: FlatCase[] = [];
