(() => {
  'use strict';
  const all = (selector, each) => document.querySelectorAll(selector).forEach(each);

  // A decision takes a deliberate press: the buttons wake a second after this window has the focus, and sleep when it loses it, so that
  // no key that was held down elsewhere and no second click of a double click lands on them.
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

  // The time left runs down; then the server says what became of the code.
  all('[data-left]', element => {
    const end = Date.now() + element.dataset.left * 1000;
    const show = () => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      element.textContent = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
      if (left) setTimeout(show, 1000); else setTimeout(() => location.replace(location.pathname), 2000); // the server's clock has the last word
    };
    show();
  });

  // Times in the reader's own zone.
  all('time[datetime]', element => {
    element.textContent = new Date(element.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
  });

  // Where a script may close this window, it does.
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

  // What is there to be copied is copied whole.
  all('[data-copy]', field => field.addEventListener('focus', () => field.select()));

  // A page that comes back from the history is asked for anew, and no form is sent again for it: what it shows may be over.
  addEventListener('pageshow', event => { if (event.persisted) location.replace(location.pathname); });
})();
