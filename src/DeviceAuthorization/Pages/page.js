(() => {
  'use strict';
  const all = (selector, each) => document.querySelectorAll(selector).forEach(each);

  // A decision needs a deliberate press. The buttons are enabled one second after this window gets the focus, and disabled when it loses it.
  // A key held down elsewhere, or the second click of a double click, then has no effect.
  const decisions = document.querySelectorAll('[data-decision]');
  if (decisions.length) {
    let waking;
    const sleep = () => { clearTimeout(waking); decisions.forEach(button => { button.disabled = true; }); };
    const wake = () => { sleep(); waking = setTimeout(() => decisions.forEach(button => { button.disabled = false; }), 1000); };
    addEventListener('focus', wake);
    addEventListener('blur', sleep);
    addEventListener('keydown', event => { if (event.repeat && event.target.closest('[data-decision]')) event.preventDefault(); });
    sleep();
    if (document.hasFocus()) wake();
  }

  // Count down the time left. Then reload, so that the server shows the result.
  all('[data-left]', element => {
    const end = Date.now() + element.dataset.left * 1000;
    const show = () => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      element.textContent = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
      if (left) setTimeout(show, 1000); else setTimeout(() => location.replace(location.pathname), 2000); // the server's clock decides
    };
    show();
  });

  // Show times in the reader's own zone: the day in the text, the exact time in the title.
  all('time[datetime]', element => {
    const show = style => new Date(element.dateTime).toLocaleString(document.documentElement.lang, style);
    element.title = show({ dateStyle: 'full', timeStyle: 'short' });
    const isNear = Math.abs(new Date(element.dateTime) - Date.now()) < 2 * 24 * 3600 * 1000;
    if (!('ago' in element.dataset)) element.textContent = show({ dateStyle: 'medium', timeStyle: isNear ? 'short' : undefined });
  });

  // Look again whether the device is connected, but not while the person uses this page: a reload moves the focus.
  all('[data-again]', element => {
    const look = () => {
      if (document.hidden || document.activeElement !== document.body) setTimeout(look, 3000); else location.replace(element.dataset.again);
    };
    setTimeout(look, 3000);
  });

  // Close this window, if a script may close it.
  all('[data-closing]', element => {
    if (history.length > 1 && !opener) return;
    element.hidden = false;
    let left = 3;
    const count = () => {
      element.lastElementChild.textContent = left;
      if (left-- > 0) setTimeout(count, 1000); else { close(); element.hidden = true; }
    };
    count();
  });

  all('select[data-submit]', select => {
    select.form.querySelector('button').hidden = true;
    select.addEventListener('change', () => select.form.submit());
  });

  // Select the whole text, to copy it.
  all('[data-copy]', field => field.addEventListener('focus', () => field.select()));

  // Reload a page that comes from the history, because it may be outdated. This sends no form again.
  addEventListener('pageshow', event => { if (event.persisted) location.replace(location.pathname); });
})();
