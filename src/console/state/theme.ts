/** Light or dark: what the system says, until somebody chooses. */
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'teal.theme';
const stored = localStorage.getItem(KEY);

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto');

export function applyTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
  showTheme();
}

export function showTheme(): void {
  document.documentElement.style.colorScheme = theme.value === 'auto' ? 'light dark' : theme.value;
}
