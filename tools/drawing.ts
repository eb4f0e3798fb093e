/** Boxes and arrows as an SVG that is read on a light and on a dark page: what the pictures of docs/blue-green.md are made of. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** The first is the heading. Those that begin with two blanks are records, and stand as they are written. */
  readonly lines: readonly string[];
  readonly kind?: 'plain' | 'blue' | 'green' | 'teal' | 'cache' | 'gone';
}

export interface Arrow {
  /** Names of boxes. */
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  readonly isDashed?: boolean;
  /** Moves the label from the middle of the arrow. */
  readonly shift?: readonly [number, number];
}

export interface Picture {
  readonly title: string;
  /** For those who cannot see it. */
  readonly description: string;
  readonly width: number;
  readonly boxes: Readonly<Record<string, Box>>;
  readonly arrows?: readonly Arrow[];
  readonly notes?: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

const LINE = 17;
const TOP = 44;
const PAD = 10;

const STYLE = `
  svg { --page: #ffffff; --ink: #1f2937; --faint: #6b7280; --edge: #9ca3af; --plain: #f3f4f6; --blue: #dbeafe; --blue-edge: #2563eb; --green: #dcfce7; --green-edge: #16a34a; --teal: #ccfbf1; --teal-edge: #0d9488; --cache: #fef3c7; --cache-edge: #b45309; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --faint: #9198a1; --edge: #57606a; --plain: #161b22; --blue: #10233f; --blue-edge: #6ea8fe; --green: #0f2a17; --green-edge: #3fb950; --teal: #0b2b2a; --teal-edge: #2dd4bf; --cache: #33270c; --cache-edge: #f0b429; }
  }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink); }
  .title { font-size: 16px; font-weight: 650; }
  .heading { font-weight: 600; }
  .record { font: 12px ui-monospace, 'DejaVu Sans Mono', monospace; white-space: pre; }
  .faint { fill: var(--faint); }
  .label { font-size: 12px; paint-order: stroke; stroke: var(--page); stroke-width: 5px; stroke-linejoin: round; }
  rect { fill: var(--plain); stroke: var(--edge); }
  .blue { fill: var(--blue); stroke: var(--blue-edge); }
  .green { fill: var(--green); stroke: var(--green-edge); }
  .teal { fill: var(--teal); stroke: var(--teal-edge); }
  .cache { fill: var(--cache); stroke: var(--cache-edge); }
  .gone { fill: none; stroke-dasharray: 4 4; }
  .page { fill: var(--page); stroke: none; }
  path { stroke: var(--faint); fill: none; stroke-width: 1.5; }
  .dashed { stroke-dasharray: 5 4; }
  marker path { fill: var(--faint); stroke: none; }
`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const heightOf = ({ lines }: Box): number => lines.length * LINE + PAD * 2 - 4;

/** An SVG document. */
export function draw(picture: Picture): string {
  const { title, description, width, boxes, arrows = [], notes = [] } = picture;
  const bottoms = [...Object.values(boxes).map((box) => box.y + heightOf(box)), ...notes.map(({ y }) => y)];
  const height = TOP + Math.max(...bottoms) + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker></defs>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="16" y="28">${escaped(title)}</text>
<g transform="translate(0 ${TOP})">
${Object.values(boxes).map(drawBox).join('\n')}
${arrows.map((arrow) => drawArrow(arrow, boxes)).join('\n')}
${notes.map(({ x, y, text }) => `<text class="faint" x="${x}" y="${y}">${escaped(text)}</text>`).join('\n')}
</g>
</svg>
`;
}

function drawBox(box: Box): string {
  const { x, y, width, lines, kind = 'plain' } = box;
  const texts = lines.map((line, at) => {
    const isRecord = line.startsWith('  ');
    const style = at === 0 ? 'heading' : isRecord ? 'record' : '';
    return `<text class="${style}" x="${x + PAD}" y="${y + PAD + 10 + at * LINE}">${escaped(isRecord ? line.slice(2) : line)}</text>`;
  });
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${heightOf(box)}" rx="6"/>\n${texts.join('\n')}`;
}

/** From edge to edge, along the axis on which the boxes do not overlap. */
function drawArrow({ from, to, label, isDashed, shift = [0, 0] }: Arrow, boxes: Picture['boxes']): string {
  const [a, b] = [boxes[from], boxes[to]];
  if (a === undefined || b === undefined) throw new Error(`no box ${from} or ${to}`);
  const [x1, y1, x2, y2] = ends(a, b);
  const path = `<path class="${isDashed ? 'dashed' : ''}" marker-end="url(#head)" d="M${x1} ${y1}L${x2} ${y2}"/>`;
  if (label === undefined) return path;
  const [x, y] = [(x1 + x2) / 2 + shift[0], (y1 + y2) / 2 - 6 + shift[1]];
  return `${path}\n<text class="label" x="${x}" y="${y}" text-anchor="middle">${escaped(label)}</text>`;
}

function ends(a: Box, b: Box): [number, number, number, number] {
  const [aHeight, bHeight] = [heightOf(a), heightOf(b)];
  const across = (box: Box, height: number): number => box.y + Math.min(height / 2, 28);
  const down = (box: Box): number => box.x + box.width / 2;
  if (b.x >= a.x + a.width) return [a.x + a.width, across(a, aHeight), b.x - 2, across(b, bHeight)];
  if (a.x >= b.x + b.width) return [a.x, across(a, aHeight), b.x + b.width + 2, across(b, bHeight)];
  if (b.y > a.y) return [down(a), a.y + aHeight, down(b), b.y - 2];
  return [down(a), a.y, down(b), b.y + bHeight + 2];
}
