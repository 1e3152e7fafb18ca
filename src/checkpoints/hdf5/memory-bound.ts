interface Growing {
  grow(this: Growing, pages: number): number;
}

// The types of Node 20 know WebAssembly as a name only.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Growing } } }).WebAssembly;
const PAGE = 65536;
let left = Number.POSITIVE_INFINITY;
let bounded = false;

/** WebAssembly in this thread may grow by so much; beyond, growing fails, and the library reports that memory is short. */
export function boundMemory(bytes: number): void {
  left = Math.ceil(bytes / PAGE);
  if (bounded) return;
  bounded = true;
  const grow = Memory.prototype.grow;
  Memory.prototype.grow = function (pages) {
    if (pages > left) throw new RangeError('the file asks for more memory than it may');
    left -= pages;
    return grow.call(this, pages);
  };
}
