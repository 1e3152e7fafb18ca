import type { Node } from './graph.js';

/** A node's attributes and optional inputs, with what holds where they are left out. */
export class NodeReader {
  constructor(readonly node: Node) {}

  /** Whether optional input `i` is given. */
  has(i: number): boolean {
    return i < this.node.inputs.length && this.node.inputs[i] !== '';
  }

  number(name: string, fallback: number): number {
    const a = this.node.attributes[name];
    return a?.kind === 'int' || a?.kind === 'float' ? a.value : fallback;
  }
  flag(name: string, fallback = false): boolean {
    return this.number(name, fallback ? 1 : 0) === 1;
  }
  ints(name: string): number[] | undefined {
    const a = this.node.attributes[name];
    return a?.kind === 'ints' ? a.value : undefined;
  }
  text(name: string, fallback: string): string {
    const a = this.node.attributes[name];
    return a?.kind === 'string' ? a.value : fallback;
  }
}

/** An axis counted from 0. */
export const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
