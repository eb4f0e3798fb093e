/** The time on the screen, moved on once a second. */
import { useEffect, useState } from 'preact/hooks';

const TICK_MS = 1000;

/** Unix time, milliseconds. `isRunning` false: nothing on the screen depends on it. */
export function useNow(isRunning = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
