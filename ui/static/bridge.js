// From clicks in an answer to Python. Chips and rows of sources are plain links to `#cite-…`; a click
// is caught before the browser follows it. Nothing else in an answer reaches Python. `trigger` and
// `props` are given by the component that this is the code of.

document.addEventListener('click', event => {
    const link = event.target.closest('a[href^="#cite-"], a[href^="#copy-"]');
    if (!link) return;
    event.preventDefault();
    const [kind, key] = link.getAttribute('href').slice(1).split(/-(.*)/);
    if (kind === 'cite') {
        document.querySelectorAll('a.chosen').forEach(other => other.classList.remove('chosen'));
        link.classList.add('chosen');
        trigger('cite', {key: key});
    } else {
        const answer = link.closest('.message-content').querySelector('.answer');
        navigator.clipboard.writeText(answer.innerText).then(() => { link.textContent = props.copied; });
    }
}, true);

// Gradio names each message by its source text. Without that name a screen reader reads the message.
const unname = () => document
    .querySelectorAll('[data-testid="bot"][aria-label], [data-testid="user"][aria-label]')
    .forEach(message => message.removeAttribute('aria-label'));
new MutationObserver(unname).observe(document.body, {childList: true, subtree: true});
