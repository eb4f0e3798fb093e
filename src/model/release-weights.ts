/** From a share of traffic, per cent, to the integer weights of a service's pools. */
import assert from 'node:assert/strict';
import { WEIGHT_MAX, type Weights } from './service.ts';

/** Hundredths of a per cent: 1 in 10,000 is as little as anybody lets a canary have. */
const PARTS = 10_000;

export function isPercent(value: number): boolean {
  return value >= 0 && value <= 100 && Math.round(value * 100) / 100 === value;
}

/**
 * The weights where `to` has so many per cent of the traffic and the other pools share the rest in the proportions of
 * `before`. They are exact wherever weights up to 65535 can be, in round numbers (a sum of 100) where those are exact.
 * Else the largest is 65535 and each other is rounded to the nearest integer, but a pool that is to have traffic has at
 * least 1. Then no share is off by more than the number of pools / 65535.
 */
export function weightsFor(before: Weights, to: string, percent: number): Weights {
  const others = Object.entries(before).filter(([name]) => name !== to);
  const divisor = others.reduce((common, [, weight]) => gcd(common, weight), 0);
  assert(divisor > 0 && isPercent(percent), 'another pool has traffic when a release begins, and steps were checked');
  // JSON has a -0, which is a percentage, but must not become a weight.
  const parts = Math.abs(Math.round(percent * 100));
  const all = others.reduce((sum, [, weight]) => sum + weight / divisor, 0);
  // Proportions as integers, lowest terms: below 10,000 × 15 × 65535, so exact in a double.
  const wanted = Object.entries(before).map(([name, weight]): [string, number] => {
    return [name, name === to ? parts * all : ((PARTS - parts) * weight) / divisor];
  });
  const common = wanted.reduce((divisor, [, weight]) => gcd(divisor, weight), 0);
  return fitted(wanted.map(([name, weight]) => [name, weight / common]));
}

function fitted(exact: readonly (readonly [string, number])[]): Weights {
  const largest = Math.max(...exact.map(([, weight]) => weight));
  const sum = exact.reduce((total, [, weight]) => total + weight, 0);
  if (largest > WEIGHT_MAX) {
    const rounded = ([name, weight]: readonly [string, number]): [string, number] => {
      return [name, weight === 0 ? 0 : Math.max(1, Math.round((weight * WEIGHT_MAX) / largest))];
    };
    return Object.fromEntries(exact.map(rounded));
  }
  const scale = 100 % sum === 0 ? 100 / sum : 1;
  return Object.fromEntries(exact.map(([name, weight]) => [name, weight * scale]));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
