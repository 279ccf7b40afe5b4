import { sentenceOf } from './sentences.js';

/** What takes longer than this is said to be under way. */
const SLOW_MS = 700;
const UNDER_WAY = 'One moment …';

/** Says something in the line for it: texts, and elements such as links. */
export function notice(...parts) {
  const line = document.querySelector('#notice');
  line.classList.remove('waiting');
  line.replaceChildren(...parts.filter((part) => part !== ''));
}

/** Runs what somebody asked for, once at a time for each button, and says what went wrong. */
export async function attempt(work, button) {
  notice();
  const slow = setTimeout(() => notice(UNDER_WAY), SLOW_MS);
  if (button) button.disabled = true;
  try {
    await work();
    if (document.querySelector('#notice').textContent === UNDER_WAY) notice();
  } catch (error) {
    notice(sentenceOf(error));
    // A fault of the page itself; developers look for those in the console.
    if (error.code === undefined) reportError(error);
  } finally {
    clearTimeout(slow);
    if (button) button.disabled = false;
  }
}

export const onClick = (element, work) =>
  element.addEventListener('click', () => void attempt(work, element));

export const onSubmit = (form, work) =>
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(() => work(Object.fromEntries(new FormData(form)), form), event.submitter);
  });
