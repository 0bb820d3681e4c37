// Brings the marked sentence of the article into view, once the article is on the page.
() => requestAnimationFrame(() => requestAnimationFrame(() => {
    const panel = document.querySelector('#article');
    const mark = panel.querySelector('mark');
    if (panel.getBoundingClientRect().top > window.innerHeight - 200) panel.scrollIntoView();
    const above = mark ? mark.getBoundingClientRect().top - panel.getBoundingClientRect().top : 0;
    panel.scrollTop = mark ? panel.scrollTop + above - panel.clientHeight / 3 : 0;
}))
