import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * Every file below a folder, by sorted path. Several times as fast as `readdir` with `recursive`, which every run waits for.
 * Links are not followed. Errors: those of `readdir`.
 */
export function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const look = (inside: string): void => {
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      const path = `${inside}${sep}${entry.name}`;
      if (entry.isDirectory()) look(path);
      else files.push(path);
    }
  };
  look(join(folder));
  return files.sort();
}
