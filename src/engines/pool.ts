import { Worker } from 'node:worker_threads';
import { AssayError } from '../errors.js';
import { compiledFile } from './compiled.js';
import type { Differentiation, Program, Value } from './engine.js';
import { GuardedWorker } from './guard/guarded-worker.js';
import type { Limits } from './guard/limits.js';
import type { HeldModel, Holding } from './held-model.js';
import type { Failure, Order, Reply, Simplified } from './protocol.js';
import { SpareMemory } from './spare-memory.js';

/** What runs in the threads of a pool. */
export interface WorkerKind {
  /** For messages. */
  library: string;
  /** The worker's module, relative to this folder. */
  module: string;
  /** What a worker is started with. */
  options: unknown;
  /** Workers are processes that end beyond these, instead of threads. */
  limits?: Limits;
}

type Answer = Extract<Reply, { outputs: unknown }>;
type Call = { resolve(answer: Answer): void; reject(error: AssayError): void };

/** A worker thread, from its first call on, and the calls it has not answered yet. */
class Member {
  readonly pending = new Map<number, Call>();
  /** Programs whose session this worker has been asked for. */
  readonly warm = new Set<number>();
  dead: AssayError | undefined;
  private started: { worker: Worker | GuardedWorker; ended: Promise<void> } | undefined;

  /** @param programs what a worker that starts is told of, as orders */
  constructor(
    private readonly file: string,
    private readonly kind: WorkerKind,
    private readonly spare: SpareMemory,
    private readonly programs: ReadonlyMap<number, Order>,
  ) {}

  /** Loading a library takes a good part of a second and of a core: many commands need one worker only. */
  private get worker(): Worker | GuardedWorker {
    this.started ??= this.start();
    return this.started.worker;
  }

  private start() {
    const { file, kind } = this;
    // The flags of this process (--eval, --import, ...) are not meant for its workers.
    const worker = kind.limits
      ? new GuardedWorker(file, kind.options, kind.limits)
      : new Worker(file, { workerData: kind.options, execArgv: [] });
    // Listening references the worker, so this comes first.
    worker.on('message', (reply: Reply) => this.settle(reply));
    worker.on('error', (error: Error) => this.fail(`crashed: ${error.message}`, error));
    const ended = new Promise<void>((resolve) => {
      worker.on('exit', (code: unknown) => {
        this.fail(`ended (code ${code})`);
        resolve();
      });
    });
    worker.unref();
    for (const order of this.programs.values()) worker.postMessage(order);
    return { worker, ended };
  }

  /** Not with the first call, but now. */
  begin(): void {
    this.started ??= this.start();
  }

  /** Tells a worker that has started; one that starts later learns of programs then. */
  tell(order: Order): void {
    this.started?.worker.postMessage(order);
  }

  call(order: Extract<Order, { call: number }>, owned: ArrayBuffer[]): Promise<Answer> {
    if (this.dead) return Promise.reject(this.dead);
    return new Promise((resolve, reject) => {
      // Only a worker with work to do keeps the process alive.
      if (this.pending.size === 0) this.worker.ref();
      this.pending.set(order.call, { resolve, reject });
      this.worker.postMessage(order, owned);
    });
  }

  private settle(reply: Reply) {
    const call = this.pending.get(reply.call);
    this.pending.delete(reply.call);
    // A worker that is being closed keeps the process until it has ended: someone waits for that.
    if (this.pending.size === 0 && !this.dead) this.worker.unref();
    if ('error' in reply) call?.reject(this.errorOf(reply.error));
    else {
      this.spare.give(reply.spent);
      call?.resolve(reply);
    }
  }

  /**
   * Ends the worker when it is done with its current order; the others are rejected. Not by `terminate`: in the
   * middle of a native call, or of loading the library, that takes the whole process down.
   */
  async close(): Promise<void> {
    this.fail('was closed');
    if (!this.started) return;
    const { worker, ended } = this.started;
    worker.ref();
    worker.postMessage({ kind: 'close' } satisfies Order);
    await ended;
  }

  private errorOf({ message, code, details }: Failure): AssayError {
    return code
      ? new AssayError(code, message, details)
      : new AssayError('engine-failed', `${this.kind.library}: ${message}`);
  }

  fail(what: string, cause?: unknown) {
    if (cause instanceof AssayError) this.dead ??= cause;
    this.dead ??= new AssayError('engine-failed', `a worker of ${this.kind.library} ${what}`, {
      hint: 'it may have run out of memory: try fewer sessions or a smaller batch',
      cause,
    });
    for (const { reject } of this.pending.values()) reject(this.dead);
    this.pending.clear();
  }
}

/**
 * Worker threads, each with its own sessions. A call goes to the worker with the shortest queue.
 * Errors: `engine-failed` with the library's message, or when the worker that had the call died.
 */
export class Pool {
  private readonly members: Member[];
  private readonly spare = new SpareMemory();
  /** What registered the programs that are not released. */
  private readonly known = new Map<number, Order>();
  /** Workers are processes. */
  private readonly guarded: boolean;
  private calls = 0;
  private programs = 0;

  constructor(size: number, kind: WorkerKind) {
    this.guarded = kind.limits !== undefined;
    const file = compiledFile(kind.module, `the ${kind.library} worker`);
    this.members = Array.from({ length: size }, () => new Member(file, kind, this.spare, this.known));
  }

  /** Starts all workers now. */
  start(): void {
    for (const member of this.members) member.begin();
  }

  /** Whether there is a worker that has not ended. */
  get alive(): boolean {
    return this.members.some(({ dead }) => !dead);
  }

  /**
   * Makes a model known to the workers. Each creates its session when it first needs it.
   * @param gradient gradients to run with it, where the library differentiates by itself
   */
  register(model: HeldModel, gradient?: Differentiation): number {
    const program = this.programs++;
    const order: Order = { kind: 'register', program, model, gradient };
    for (const member of this.members) member.tell(order);
    this.known.set(program, order);
    return program;
  }

  async prepare(program: number): Promise<void> {
    const member = this.pick(program);
    member.warm.add(program);
    await member.call({ kind: 'prepare', call: this.calls++, program }, []);
  }

  async run(
    program: number,
    feeds: Record<string, Value>,
    fetches?: readonly string[],
  ): Promise<Record<string, Value>> {
    return (await this.answer(program, feeds, { fetches })).outputs;
  }

  private async peak(program: number, feeds: Record<string, Value>): Promise<number | undefined> {
    return (await this.answer(program, feeds, { fetches: undefined, peak: true })).peak;
  }

  private answer(
    program: number,
    feeds: Record<string, Value>,
    how: Pick<Extract<Order, { kind: 'run' }>, 'fetches' | 'peak'>,
  ): Promise<Answer> {
    if (!this.known.has(program))
      return Promise.reject(new AssayError('engine-failed', 'this program was released'));
    const member = this.pick(program);
    member.warm.add(program);
    // Copied once here and moved: posting a view would copy the whole buffer behind it, twice.
    const own: Record<string, Value> = {};
    for (const [name, value] of Object.entries(feeds))
      own[name] = { type: value.type, dims: [...value.dims], data: this.copied(value.data) };
    const owned = Object.values(own).map(({ data }) => data.buffer as ArrayBuffer);
    return member.call({ kind: 'run', call: this.calls++, program, feeds: own, ...how }, owned);
  }

  /** A program of a model, its first session made; the model is let go of with it. */
  async program({ model, release }: Holding, gradient?: Differentiation): Promise<Program> {
    const program = this.register(model, gradient);
    const released = async () => {
      this.release(program);
      await release();
    };
    try {
      await this.prepare(program);
    } catch (error) {
      await released();
      throw error;
    }
    return {
      run: (feeds, fetches) => this.run(program, feeds, fetches),
      ...(this.guarded && { peak: (feeds) => this.peak(program, feeds) }),
      release: released,
    };
  }

  async simplify(model: HeldModel, into: Simplified): Promise<void> {
    await this.pick().call({ kind: 'simplify', call: this.calls++, model, into }, []);
  }

  release(program: number) {
    if (!this.known.delete(program)) return;
    for (const member of this.members) {
      member.warm.delete(program);
      member.tell({ kind: 'release', program });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }

  private copied(data: Value['data']): Value['data'] {
    const Kind = data.constructor as new (memory: ArrayBuffer, start: number, length: number) => typeof data;
    const copy = new Kind(this.spare.take(data.byteLength), 0, data.length);
    copy.set(data as never);
    return copy;
  }

  /** The shortest queue; among equals one that already has a session of the program. */
  private pick(program = -1): Member {
    const alive = this.members.filter(({ dead }) => !dead);
    const cost = ({ pending, warm }: Member) => pending.size + (warm.has(program) ? 0 : 0.5);
    return (alive.length > 0 ? alive : this.members).reduce((best, member) =>
      cost(member) < cost(best) ? member : best,
    );
  }
}
