/** Below this, new memory is as cheap. In bytes. */
const WORTHWHILE = 2 ** 16;
/** Pieces that are kept. */
const KEPT = 16;

/** Memory that was used and can be used again: making and freeing large buffers costs more than filling them. */
export class SpareMemory {
  private readonly pieces: ArrayBuffer[] = [];

  /** At least so many bytes, whatever they hold. */
  take(bytes: number): ArrayBuffer {
    const at = this.pieces.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 4 * bytes);
    return at < 0 ? new ArrayBuffer(bytes) : this.pieces.splice(at, 1)[0]!;
  }

  give(pieces: readonly ArrayBuffer[]): void {
    this.pieces.push(...pieces.filter(({ byteLength }) => byteLength >= WORTHWHILE));
    this.pieces.splice(0, this.pieces.length - KEPT);
  }
}
