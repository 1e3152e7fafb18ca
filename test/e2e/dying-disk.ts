import { isMainThread } from 'node:worker_threads';
import { replaceDisk } from '../../src/bytes/disk.js';
import { watchedDisk } from '../bytes/recording-disk.js';

/*
 * Kills the process that imports this, with SIGKILL, before a call to the disk: `ASSAY_TEST_DIES="main 17"` before the 17th
 * of its main thread, "other 3" before the third of the thread that writes the report. Of a write, half is done.
 */

const [thread, number] = (process.env.ASSAY_TEST_DIES ?? '').split(' ');
const last = Number(number);
let calls = 0;
const die = () => process.kill(process.pid, 'SIGKILL');

if (thread === (isMainThread ? 'main' : 'other'))
  replaceDisk((disk) =>
    watchedDisk(
      {
        ...disk,
        async create(file) {
          const output = await disk.create(file);
          return {
            ...output,
            async write(bytes) {
              if (calls < last) return output.write(bytes);
              await output.write(bytes.subarray(0, bytes.length >> 1));
              die();
            },
          };
        },
      },
      ({ kind }) => {
        if (++calls >= last && kind !== 'write') die();
      },
    ),
  );
