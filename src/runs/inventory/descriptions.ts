import { join } from 'node:path';
import type { Changes } from '../../bytes/changes.js';
import { gatherEvidence, lookAgain } from '../../bytes/evidence.js';
import { type Evidence, emptyLog, logReads, notePart, unlogged } from '../../bytes/read-log.js';
import { readText } from '../../bytes/regular-file.js';
import { writeAtomically } from '../../report/output.js';
import { keyOf } from '../folder/keys.js';
import { programIdentity } from '../folder/program.js';

/** Where they lie in a run folder. */
const FOLDER = 'inventory';

/** What is asked for: plain JSON with all that decides the answer, but for files. */
export interface DescriptionRequest {
  kind: 'model' | 'data set';
  [key: string]: unknown;
}

interface Stored {
  program: string;
  evidence: Evidence;
  made: unknown;
  /** Of all this. */
  digest: string;
}

/**
 * Descriptions of models and data sets that earlier runs made, in the run folder, each with evidence of the files it
 * was made from. One is taken over when the program, the request and every file are surely the same; otherwise it is
 * made again. To lose one costs time and nothing else.
 */
export class Descriptions {
  constructor(private readonly runFolder: string) {}

  /**
   * What is known already; undefined when there is nothing, or something changed.
   * @param tell is told which files changed
   */
  async find<T>(request: DescriptionRequest, tell?: (changes: Changes) => void): Promise<T | undefined> {
    try {
      // What is found may be written anew; what it was made from counts.
      const text = await unlogged(() => readText(this.file(request), 'results'));
      const { digest, ...rest }: Stored = JSON.parse(text);
      if (digest !== keyOf(rest) || rest.program !== programIdentity()) return undefined;
      const found = await lookAgain(rest.evidence);
      if ('changes' in found) {
        tell?.(found.changes);
        return undefined;
      }
      notePart(found.evidence);
      // Files that were written again with the same content are not to be read again the next time.
      if (found.evidence !== rest.evidence)
        await this.keep(request, found.evidence, rest.made).catch(() => undefined);
      return rest.made as T;
    } catch {
      return undefined;
    }
  }

  /**
   * Makes something and keeps what it comes to in words: of a model its info, of a data set too.
   * Errors: those of `make`; what cannot be kept is made again the next time.
   */
  async make<T>(
    request: DescriptionRequest,
    make: () => Promise<T>,
    describe: (made: T) => unknown,
  ): Promise<T> {
    const log = emptyLog();
    const made = await logReads(log, make);
    const evidence = await gatherEvidence(log).catch(() => undefined);
    notePart(evidence);
    if (evidence) await this.keep(request, evidence, describe(made)).catch(() => undefined);
    return made;
  }

  private async keep(request: DescriptionRequest, evidence: Evidence, made: unknown): Promise<void> {
    const plain = JSON.parse(JSON.stringify({ program: programIdentity(), evidence, made }));
    await writeAtomically(this.file(request), JSON.stringify({ ...plain, digest: keyOf(plain) }));
  }

  private file(request: DescriptionRequest): string {
    const plain = JSON.parse(JSON.stringify(request));
    return join(this.runFolder, FOLDER, `${keyOf(plain)}.json`);
  }
}
