import { type ByteSource, openFile } from '../../bytes/byte-source.js';
import { inflate } from '../../bytes/inflate.js';
import { limits } from '../../bytes/limits.js';
import { isGzip } from '../../bytes/magic.js';
import { AssayError } from '../../errors.js';

/** Plain shards that stay open for the next read; a process may have about a thousand files open. */
const KEPT = 16;

/** What is inflated of a shard in memory; images lie in a temporary file as soon as there are some. */
const IN_MEMORY = 2 ** 20;

interface Opened {
  source: Promise<ByteSource>;
  users: number;
  /** Stays open: opening it takes as long as inflating it. */
  inflated?: true;
}

/** Shards that are opened when something is read from them, and closed when others are. */
export class Shards {
  private readonly opened = new Map<number, Opened>();
  private inflated = 0;

  constructor(readonly paths: readonly string[]) {}

  /** Does something with a shard while it is open. Errors: `file-unreadable`, `file-malformed`; those of `work`. */
  async use<T>(shard: number, work: (source: ByteSource) => Promise<T>): Promise<T> {
    const one = this.opened.get(shard) ?? { source: this.open(shard), users: 0 };
    // The one that was used last comes last.
    this.opened.delete(shard);
    this.opened.set(shard, one);
    one.users++;
    try {
      return await work(await one.source);
    } catch (error) {
      await one.source.catch(() => this.opened.delete(shard));
      throw error;
    } finally {
      one.users--;
      await this.closeSome();
    }
  }

  async close(): Promise<void> {
    for (const { source } of this.opened.values())
      await source.then(
        (open) => open.close(),
        () => undefined,
      );
    this.opened.clear();
  }

  private async closeSome(): Promise<void> {
    for (const [shard, one] of this.opened) {
      if (this.opened.size - this.inflated <= KEPT) return;
      if (one.users > 0 || one.inflated) continue;
      this.opened.delete(shard);
      await (await one.source).close();
    }
  }

  private async open(shard: number): Promise<ByteSource> {
    const file = this.paths[shard]!;
    const source = await openFile(file);
    try {
      if (!isGzip(await source.read(0, Math.min(2, source.size)))) return source;
      if (++this.inflated > limits.compressedShards.value) throw tooManyCompressed(file);
      const whole = await inflate(source, { method: 'gzip', place: { file }, inMemory: IN_MEMORY });
      await source.close();
      const one = this.opened.get(shard);
      if (one) one.inflated = true;
      return whole;
    } catch (error) {
      await source.close();
      throw error;
    }
  }
}

function tooManyCompressed(file: string): AssayError {
  const { value, of, instead } = limits.compressedShards;
  return new AssayError('data-invalid', 'there are too many compressed shards', {
    file,
    expected: `at most ${value} ${of}`,
    hint: instead,
  });
}
