/** A text with line numbers, in which lines with findings stand out. */
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Finding } from '../../contract/types.ts';

/** More numbers than this would slow typing; a longer file is chosen, not typed. */
const NUMBERED_LINES_MAX = 5000;
/** Font size times line height in the style sheet. */
const LINE_REM = 0.8125 * 1.55;

export function ZoneEditor(props: {
  area: RefObject<HTMLTextAreaElement | null>;
  text: string;
  findings: readonly Finding[];
  onText: (text: string) => void;
}) {
  const { area, text, findings } = props;
  const gutter = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const lines = Math.min(text.split('\n').length, NUMBERED_LINES_MAX);
  const marked = useMemo(() => byLine(findings), [findings]);
  const align = (): void => {
    const words = area.current;
    if (gutter.current === null || marks.current === null || words === null) return;
    gutter.current.scrollTop = words.scrollTop;
    marks.current.style.transform = `translate(${-words.scrollLeft}px, ${-words.scrollTop}px)`;
  };
  // A grid row is as high as its highest part, which would be all the numbers: the text decides.
  useEffect(() => {
    const [numbers, words] = [gutter.current, area.current];
    if (numbers === null || words === null) return;
    const watcher = new ResizeObserver(() => {
      numbers.style.height = `${words.offsetHeight}px`;
    });
    watcher.observe(words);
    return () => watcher.disconnect();
  }, []);
  return (
    <div class="editor">
      <div class="gutter" ref={gutter} aria-hidden="true">
        {Array.from({ length: lines }, (_, i) => (
          <div key={i} data-severity={marked.get(i + 1)?.severity} title={marked.get(i + 1)?.message}>
            {i + 1}
          </div>
        ))}
      </div>
      <div class="editor-text">
        <div class="editor-marks" ref={marks} aria-hidden="true">
          {[...marked].map(([line, { severity, message }]) => (
            <div key={line} data-severity={severity} style={{ top: `calc(0.6rem + ${(line - 1) * LINE_REM}rem)` }}>
              <span>{text.split('\n')[line - 1]}</span> ← {message}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label="Zone file"
          aria-invalid={findings.some(({ severity }) => severity === 'error')}
          spellcheck={false}
          autocomplete="off"
          placeholder={'$TTL 1h\n@  SOA ns1 hostmaster 1 2h 1h 2w 1m\n@  NS  ns1\nns1 A 192.0.2.53'}
          value={text}
          onInput={(event) => props.onText(event.currentTarget.value)}
          onScroll={align}
        />
      </div>
    </div>
  );
}

/** The gravest finding of each line. */
function byLine(findings: readonly Finding[]): Map<number, Finding> {
  const marked = new Map<number, Finding>();
  for (const finding of findings) {
    if (finding.file === '' && finding.line > 0 && marked.get(finding.line)?.severity !== 'error')
      marked.set(finding.line, finding);
  }
  return marked;
}
