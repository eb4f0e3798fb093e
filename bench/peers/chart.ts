/** The figures as bars: CPU time per query at saturation, one group a workload. */
import type { Row } from './report.ts';

const BAR_HEIGHT = 18;
const GAP = 5;
const GROUP_GAP = 34;
const LABEL_WIDTH = 110;
const BARS_WIDTH = 520;
const WIDTH = LABEL_WIDTH + BARS_WIDTH + 80;
/** Bars longer than this are cut, with their figure beside them: PowerDNS's Lua would flatten all others. */
const CUT_US = 12;
const COLOURS = { teal: '#0d9488', other: '#94a3b8', baseline: '#cbd5e1' } as const;

/** `clients`: sockets that asked. */
export function chart(rows: readonly Row[], clients: number): string {
  const groups = Map.groupBy(rows, ({ kind, edns, names }) => `${kind}, ${edns}, ${names.toLocaleString('en')} names`);
  const longest = Math.min(CUT_US, Math.max(...rows.map(({ saturated }) => saturated.cpuUs)));
  const parts: string[] = [];
  let y = 30;
  for (const [title, group] of groups) {
    parts.push(`<text x="0" y="${y}" font-weight="600">${title}</text>`);
    y += 10;
    for (const row of [...group].sort((a, b) => a.saturated.cpuUs - b.saturated.cpuUs)) {
      parts.push(bar(row, y, longest));
      y += BAR_HEIGHT + GAP;
    }
    y += GROUP_GAP - 10;
  }
  const title = `CPU time per answer at saturation, asked from ${clients} sockets, µs (less is better)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 ${WIDTH + 20} ${y}" width="${WIDTH + 20}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#334155"><title>${title}</title><rect x="-10" y="-10" width="100%" height="100%" fill="#ffffff"/><text x="0" y="6" font-size="15" font-weight="600">${title}</text>${parts.join('')}</svg>\n`;
}

function bar({ peer, isBaseline, saturated }: Row, y: number, longest: number): string {
  const width = (Math.min(saturated.cpuUs, longest) / longest) * BARS_WIDTH;
  const colour = peer === 'teal' ? COLOURS.teal : isBaseline ? COLOURS.baseline : COLOURS.other;
  const middle = y + BAR_HEIGHT - 5;
  const cut = saturated.cpuUs > longest ? ' →' : '';
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${peer}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"/>`,
    `<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${middle}">${saturated.cpuUs.toFixed(2)}${cut}</text>`,
  ].join('');
}
