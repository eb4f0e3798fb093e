/** How a health check is refused, and what both of its forms are held to. */
import { Problem } from './errors.ts';

const PORT_MAX = 65535;

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= PORT_MAX;
}

export function portDetail(port: number): string {
  return `A port is a whole number from 1 to ${PORT_MAX}, not ${port}.`;
}

/** `pointer`: from the check on. */
export function invalid(detail: string, pointer: string): Problem {
  return new Problem('health_invalid', detail, { pointer: `/health${pointer}` });
}
