import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { compiledFile } from '../compiled.js';
import { isFile } from '../held-model.js';
import type { Order, Reply } from '../protocol.js';
import { beyondLimit, type Limits } from './limits.js';
import type { Said, Start } from './protocol.js';

/** What a pool needs of a worker: `message` with a reply, `error`, `exit` with a code or a signal. */
interface Events {
  message: [Reply];
  error: [Error];
  exit: [number | NodeJS.Signals | null];
}

/**
 * A worker in a process of its own, under limits: a call that goes beyond one ends the process and nothing else. The
 * error is then `limit-exceeded`.
 */
export class GuardedWorker extends EventEmitter<Events> {
  private readonly child: ChildProcess;

  constructor(file: string, options: unknown, limits: Limits) {
    super();
    this.child = fork(compiledFile('guard/process.js', 'the guarded process'), [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (said: Said) => {
      if ('over' in said) this.emit('error', beyondLimit(said.over, limits));
      else if ('crashed' in said) this.emit('error', new Error(said.crashed));
      else this.emit('message', said);
    });
    this.child.on('error', (error) => this.emit('error', error));
    this.child.on('exit', (code, signal) => this.emit('exit', signal ?? code));
    this.send({ file, options, limits });
  }

  /** There is nothing to keep: `close` ends the process whatever it is doing. */
  postMessage(order: Order, _moved?: readonly ArrayBuffer[]): void {
    if (order.kind === 'close') this.child.kill('SIGKILL');
    else
      this.send(
        'model' in order && !isFile(order.model) ? { ...order, model: new Uint8Array(order.model) } : order,
      );
  }

  ref(): void {
    this.child.ref();
    this.child.channel?.ref();
  }

  unref(): void {
    this.child.unref();
    this.child.channel?.unref();
  }

  /** What cannot be sent any more is told by `exit`. */
  private send(message: Start | object): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
