/** A shift without a mouse: a dialog takes the focus, keeps it, and gives it back to what opened it, however it is left. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, signIn, startConsole } from './browser.ts';

t.test('Escape and Cancel lead back to the button that was pressed', async (t) => {
  const it = await startConsole(t, t.testdir());
  const page = await openPage(it);
  await signIn(page, it, '#/services/app.example.test');
  await page.getByLabel('Share of blue').focus();
  await page.keyboard.press('ArrowLeft');
  const review = page.getByRole('button', { name: 'Review the shift…' });
  const dialog = page.getByRole('dialog');
  const hasFocus = () => review.evaluate((button) => button === button.ownerDocument.activeElement);
  for (const key of ['Escape', 'Enter']) {
    await review.focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    t.notOk(await hasFocus());
    if (key === 'Enter') await dialog.getByRole('button', { name: 'Cancel' }).focus();
    await page.keyboard.press(key);
    await dialog.waitFor({ state: 'hidden' });
    await soon(t).ok(hasFocus, key);
  }
  t.same(it.faults, []);
  await page.context().close();
});
