import type { Redis } from 'ioredis';
import { type Static, type TSchema, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';

const text = (maxLength: number) => Type.String({ maxLength });
const count = Type.Integer({ minimum: 0 });

/** How far a run is, as whoever submits it sees it. */
export const RunStatus = Type.Object({
  units: count,
  /** Nothing is to be done for them any more, also since their jobs were given up. */
  done: count,
  /** Units of jobs that were given up: they are among those that are done. */
  failed: count,
  /** Since this process began to have units measured: seconds, and units that it got back. */
  seconds: Type.Number({ minimum: 0 }),
  measured: count,
  secondsLeft: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
});
export type RunStatus = Static<typeof RunStatus>;

/** A run that workers are asked to measure units of: all that they need to plan it again. No code, no paths but the run file's. */
export const Announcement = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    title: text(1000),
    /** The run file, where the one who submits has it. */
    file: text(4096),
    options: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1 })),
        seed: Type.Optional(count),
        engine: Type.Optional(text(100)),
        device: Type.Optional(text(100)),
        limits: Type.Optional(
          Type.Object({
            seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
            mebibytes: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
          }),
        ),
        untilDecided: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    /** Seconds that a unit may take. */
    unitTimeout: Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }), Type.Null()]),
    identity: Type.Object({
      assay: text(100),
      program: text(100),
      plugins: Type.Optional(Type.Record(text(4096), text(100))),
      engine: text(1000),
      run: text(100),
    }),
    /** How rows travel: `queue`, through the server; `folder`, one that each knows by a path of its own; or `s3://BUCKET/PREFIX`. */
    rows: text(1000),
    /** Of such a bucket: its server, as the one who submits has it; the same word lies in the bucket. */
    server: Type.Optional(text(1000)),
    /** Which process on which machine submits. */
    by: text(300),
    status: RunStatus,
  },
  { additionalProperties: false },
);
export type Announcement = Static<typeof Announcement>;

/** A worker, as it tells of itself. */
export const Presence = Type.Object({
  id: text(100),
  name: text(300),
  host: text(300),
  pid: count,
  concurrency: count,
  assay: text(100),
  /** The run that it works for. */
  run: Type.Union([text(100), Type.Null()]),
  /** Units that it measures now, by key. */
  units: Type.Array(text(100), { maxItems: 1024 }),
  done: count,
  failed: count,
  /** Since it began. */
  seconds: Type.Number({ minimum: 0 }),
  /** Why it does not work for runs that are there, by their ids. */
  refused: Type.Record(Type.String(), text(4000)),
});
export type Presence = Static<typeof Presence>;

/** The most characters that are read of a notice: whoever can write to the server could put anything there. */
const LONGEST = 2 ** 16;

/** Notices that vanish unless they are renewed: of runs, and of workers. */
class Notices<S extends TSchema> {
  constructor(
    private readonly client: Redis,
    private readonly kind: 'runs' | 'workers',
    private readonly schema: S,
    /** Seconds. */
    readonly kept: number,
  ) {}

  /** Puts up or renews a notice. */
  async post(id: string, notice: Static<S>): Promise<void> {
    await this.client
      .multi()
      .set(this.name(id), JSON.stringify(notice), 'EX', this.kept)
      .zadd(`assay:${this.kind}`, 'NX', String(Date.now()), id)
      .exec();
  }

  async remove(id: string): Promise<void> {
    await this.client.multi().unlink(this.name(id)).zrem(`assay:${this.kind}`, id).exec();
  }

  /** Those that are up, oldest first; what is no notice is left out. */
  async list(): Promise<Static<S>[]> {
    const ids = await this.client.zrange(`assay:${this.kind}`, '0', '9999');
    const found: Static<S>[] = [];
    for (const id of ids) {
      const notice = await this.read(id);
      if (notice !== undefined) found.push(notice);
      else if ((await this.client.exists(this.name(id))) === 0)
        await this.client.zrem(`assay:${this.kind}`, id);
    }
    return found;
  }

  async read(id: string): Promise<Static<S> | undefined> {
    const length = await this.client.strlen(this.name(id));
    if (length === 0 || length > LONGEST) return undefined;
    try {
      const value: unknown = JSON.parse((await this.client.get(this.name(id))) ?? '');
      const notice = check(this.schema, value, { what: 'notice' });
      return (notice as { id?: string }).id === id ? notice : undefined;
    } catch {
      return undefined;
    }
  }

  private readonly name = (id: string) => `assay:${this.kind.slice(0, -1)}:${id}`;
}

/** Of runs: whoever submits renews it every few seconds. */
export const announcements = (client: Redis) => new Notices(client, 'runs', Announcement, 60);

/** Of workers. */
export const presences = (client: Redis) => new Notices(client, 'workers', Presence, 30);

/** How often notices are renewed, in ms. */
const RENEWED = 5000;

/** The name of the BullMQ queue of a run. */
export const queueOf = (id: string) => `assay-${id}`;

/**
 * What of a list is up: where the server forgot it, or was away, it is put up again.
 * @param every how often, in ms. Default: as notices need it
 */
export function renewing(renew: () => Promise<void>, every = RENEWED): () => void {
  const timer = setInterval(() => void renew().catch(() => undefined), every);
  timer.unref();
  return () => clearInterval(timer);
}
