import { readFileSync } from 'node:fs';

/** The fenced block of a page that follows a sentence ending in the file's name. */
export function block(page: string, file: string): string {
  const match = new RegExp(
    `\`${file.replaceAll('.', '\\.')}\`:\\s*?\\n\\n( *)\`\`\`\\w+\\n(.*?)\`\`\``,
    's',
  ).exec(readFileSync(page, 'utf8'));
  if (!match) throw new Error(`${page} has no block for ${file}`);
  return match[2]!.replaceAll(new RegExp(`^${match[1]}`, 'gm'), '');
}

/** The commands of a page: the text of every block of shell, by the heading that it is under. */
export function commandsOf(page: string): [heading: string, script: string][] {
  const sections = readFileSync(page, 'utf8').split(/^## /m).slice(1);
  return sections.map((section) => {
    const scripts = [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, script]) => script);
    return [section.split('\n')[0]!, scripts.join('')];
  });
}
