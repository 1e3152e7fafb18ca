import { queueAddress } from './address.js';
import { announcements, type Presence, presences, queueOf, type RunStatus } from './announcements.js';
import { asking, connectQueue, outages } from './connection.js';

/** A run that is announced, and where its units are. */
export interface QueuedRun extends RunStatus {
  id: string;
  title: string;
  by: string;
  /** With workers. */
  running: number;
  /** Taken by nobody yet, whether submitted or to be submitted. */
  waiting: number;
  /** Units a second; null before one came back. */
  rate: number | null;
}

export interface QueueStatus {
  queue: string;
  runs: QueuedRun[];
  workers: Presence[];
}

/** Looks at a queue as often as it is asked to; tells when it is away. Errors: `config-invalid`, `queue-failed`. */
export async function watchQueue(
  url: string,
  tell: (line: string) => void,
): Promise<{ look(): Promise<QueueStatus>; close(): Promise<void> }> {
  const link = await connectQueue(queueAddress(url));
  const stopTelling = outages(link, tell);
  const { Queue } = await import('bullmq');
  const look = async (): Promise<QueueStatus> => {
    const runs: QueuedRun[] = [];
    for (const { id, title, by, status } of await announcements(link.client).list()) {
      const queue = new Queue(queueOf(id), {
        connection: link.client,
        skipVersionCheck: true,
        skipMetasUpdate: true,
      });
      const running = await queue.getActiveCount();
      await queue.close();
      const { units, done, measured, seconds } = status;
      const rate = measured > 0 && seconds > 0 ? measured / seconds : null;
      const waiting = Math.max(0, units - done - running);
      runs.push({ ...status, id, title, by, running, waiting, rate });
    }
    return { queue: link.address.shown, runs, workers: await presences(link.client).list() };
  };
  return {
    look: () => asking(link.address, look),
    close: async () => {
      stopTelling();
      link.client.disconnect();
    },
  };
}
