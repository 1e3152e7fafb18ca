import { fork } from 'node:child_process';
import { compiledFile } from '../../engines/compiled.js';
import type { WorkerLoad, WorkerOrder, WorkerStart, WorkerWord } from './worker-protocol.js';

/** How a process ended, or why there is none. */
export interface Ending {
  found: string;
  cause?: Error;
}

/** What is asked of the process: whoever uses the types of this package need not have those of Node. */
interface Child {
  readonly connected: boolean;
  send(message: object, done: () => void): boolean;
  kill(signal: 'SIGKILL'): boolean;
  on(event: 'message', told: (word: WorkerWord) => void): unknown;
}

/** A worker process that loads what measuring takes, and that nobody has told yet what to measure. */
export class WorkerFork {
  readonly child: Child;
  /** Resolves when the process is no more. */
  readonly ended: Promise<Ending>;
  /** It is no more. */
  gone = false;

  /** @param environment what it finds in its environment besides what this process has */
  constructor(load: WorkerLoad, environment: Readonly<Record<string, string | undefined>> = {}) {
    const child = fork(compiledFile('../runs/workers/worker-process.js', 'the worker process'), [], {
      serialization: 'advanced',
      execArgv: [],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending) => {
        this.gone = true;
        resolve(ending);
      };
      child.on('exit', (code, signal) => end({ found: signal ?? `exit code ${code}` }));
      child.on('error', (cause) => end({ found: cause.message, cause }));
    });
    this.tell(load);
  }

  /** What cannot be sent any more is told by `ended`. */
  tell(message: WorkerLoad | WorkerStart | WorkerOrder): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
