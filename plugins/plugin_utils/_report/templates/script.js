(function () {
  'use strict';
  var D = document, SVG = 'http://www.w3.org/2000/svg';
  function all(what, where) { return Array.prototype.slice.call((where || D).querySelectorAll(what)); }
  function make(name, attributes, text) {
    var made = D.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text) { made.textContent = text; }
    return made;
  }
  function cells(row) { return all('td,th', row).map(function (cell) { return cell.textContent.trim(); }); }

  // One cross-hair over all charts of all cards: the same second after the injection. The figures come from the tables behind the charts.
  var groups = all('.charts').map(function (box) {
    var from = +box.dataset.from, to = +box.dataset.to, tables = null;
    var hairs = all('svg.time', box).map(function (chart) {
      var hair = D.createElementNS(SVG, 'line');
      hair.setAttribute('class', 'hair'); hair.setAttribute('y1', 0); hair.setAttribute('y2', '100%');
      hair.setAttribute('visibility', 'hidden'); chart.appendChild(hair);
      chart.addEventListener('pointermove', function (event) {
        var place = chart.getBoundingClientRect();
        show(from + (to - from) * Math.min(1, Math.max(0, (event.clientX - place.left) / place.width)));
      });
      chart.addEventListener('pointerleave', function () { show(null); });
      return hair;
    });
    var step = +box.dataset.step || 1, readout = make('p', { 'class': 'readout' });
    var scrub = make('input', { type: 'range', 'class': 'scrub', min: from, max: to, step: step, value: 0, 'aria-label': 'Moment to read, seconds after the injection' });
    function at(second) {
      tables = tables || all('table.grid', box).map(function (table) {
        return { heads: all('thead th', table).map(function (head) { return head.textContent.trim(); }), rows: all('tbody tr', table).map(cells) };
      });
      var parts = [];
      tables.forEach(function (table) {
        var found = null;
        table.rows.forEach(function (row) { if (+row[0] <= second + 1e-9) { found = row; } });
        (found || []).forEach(function (cell, column) { if (column && cell) { parts.push([table.heads[column], cell]); } });
      });
      return parts;
    }
    function words(second) { return (second < 0 ? '' : '+') + second.toFixed(1) + ' s'; }
    var group = {
      box: box,
      show: function (second, speak) {
        hairs.forEach(function (hair) {
          var x = second === null ? 0 : 100 * (second - from) / (to - from) + '%';
          hair.setAttribute('x1', x); hair.setAttribute('x2', x);
          hair.setAttribute('visibility', second === null || second < from || second > to ? 'hidden' : 'visible');
        });
        readout.textContent = '';
        if (second === null || !box.offsetParent) { return; }
        var parts = at(second);
        readout.appendChild(make('b', {}, words(second)));
        parts.forEach(function (part) {
          readout.appendChild(D.createTextNode('  ·  ' + part[0] + ' ')); readout.appendChild(make('b', {}, part[1]));
        });
        scrub.value = second;
        scrub.setAttribute('aria-valuetext', words(second) + ': ' + parts.map(function (part) { return part.join(' '); }).join(', '));
      }
    };
    scrub.addEventListener('input', function () { show(+scrub.value); });
    scrub.addEventListener('blur', function () { show(null); });
    var last = all('figure', box).pop();
    if (last && hairs.length) { box.insertBefore(scrub, last.nextSibling); box.insertBefore(readout, scrub.nextSibling); }
    return group;
  });
  var wanted, waiting = false;
  function show(second) {
    wanted = second;
    if (waiting) { return; }
    waiting = true;
    requestAnimationFrame(function () { waiting = false; groups.forEach(function (group) { group.show(wanted); }); });
  }

  // Tables sort by a click on a head; figures by what they are, not by how they are written.
  function value(row, column) {
    var cell = row.cells[column], exact = cell && cell.querySelector('data'), text = cell ? cell.textContent.trim() : '';
    var number = exact ? +exact.value : /^-?[\d.]+( (ms|s|%))?$/.test(text) ? parseFloat(text) : NaN;
    return isNaN(number) ? text.toLowerCase() : number;
  }
  all('table.sort').forEach(function (table) {
    var heads = all('thead th', table);
    heads.forEach(function (head, column) {
      var button = make('button', { type: 'button' }, head.textContent.trim());
      head.textContent = ''; head.appendChild(button);
      button.addEventListener('click', function () {
        var sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1, body = table.tBodies[0];
        heads.forEach(function (each) { each.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
        Array.prototype.slice.call(body.rows).sort(function (one, other) {
          var a = value(one, column), b = value(other, column);
          if (typeof a !== typeof b) { return typeof a === 'number' ? -1 : 1; }
          return sign * (a < b ? -1 : a > b ? 1 : 0);
        }).forEach(function (row) { body.appendChild(row); });
      });
    });
  });

  // Filter by verdict and by words; open and close.
  var tools = D.getElementById('tools'), cards = all('.card');
  if (tools) {
    var rows = all('tr[data-v]'), said = tools.querySelector('output');
    var filter = function () {
      var kind = (tools.querySelector('[name=v]:checked') || {}).value || '', text = tools.querySelector('[type=search]').value.trim().toLowerCase(), shown = 0;
      cards.concat(rows).forEach(function (each) {
        var head = each.querySelector('summary') || each;
        var fits = (!kind || (' ' + each.dataset.v + ' ').indexOf(' ' + kind + ' ') >= 0) && head.textContent.toLowerCase().indexOf(text) >= 0;
        each.hidden = !fits;
        shown += fits && each.classList.contains('card') ? 1 : 0;
      });
      said.textContent = kind || text ? shown + ' of ' + cards.length + ' shown' : '';
    };
    tools.addEventListener('input', filter);
    tools.addEventListener('submit', function (event) { event.preventDefault(); });
    tools.querySelector('button').addEventListener('click', function () {
      var open = cards.some(function (card) { return !card.hidden && !card.open; });
      cards.forEach(function (card) { card.open = open; });
    });
    tools.hidden = false;
  }
  function follow() {
    var aim = location.hash.length > 1 && D.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (aim && aim.classList.contains('card')) { aim.hidden = false; aim.open = true; aim.scrollIntoView(); }
  }
  D.addEventListener('click', function (event) {
    var link = event.target.closest && event.target.closest('a');
    if (link && link.getAttribute('href') === location.hash) { follow(); }
  });
  addEventListener('hashchange', follow);
  follow();

  var closed = [];
  addEventListener('beforeprint', function () {
    closed = cards.filter(function (card) { return !card.open; });
    closed.forEach(function (card) { card.open = true; });
  });
  addEventListener('afterprint', function () { closed.forEach(function (card) { card.open = false; }); });
})();
