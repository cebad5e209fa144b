import { createServer, request as requestTo } from 'node:http';
import { once } from 'node:events';

/**
 * One address before all processes, as a reverse proxy would be. A call goes where its path says; a gateway's and a
 * connector's to that of the organisation its token names. What the token is worth the process itself checks.
 */
export async function openFrontDoor({ host, port, hubs, gatewayOf, connectorOf }) {
  let turn = 0;
  const targetsOf = ({ url, headers }) => {
    const organisation = organisationOf(headers.authorization);
    if (url.startsWith('/carrier/')) return [gatewayOf(organisation)];
    if (url.startsWith('/connector/')) return [connectorOf(organisation)];
    turn = (turn + 1) % hubs.length;
    return [...hubs.slice(turn), ...hubs.slice(0, turn)];
  };
  const server = createServer((request, response) => {
    hand(request, response, targetsOf(request).filter(Boolean));
  });
  server.requestTimeout = 0; // A file of gigabytes takes as long as it takes.
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address();
  return {
    url: `http://${host}:${bound}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** To the first target that takes the connection; nothing of the body is read before. */
function hand(request, response, [target, ...others]) {
  if (!target) return away(response);
  const { method, headers, url } = request;
  const onward = requestTo(new URL(url, target), { method, headers, agent: false });
  onward.on('socket', (socket) => {
    socket.once('connect', () => request.pipe(onward));
  });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', (error) => {
    if (error.code === 'ECONNREFUSED') hand(request, response, others);
    else if (response.headersSent) response.destroy();
    else away(response);
  });
  response.on('close', () => onward.destroy());
}

function away(response) {
  const problem = { type: 'about:blank', title: 'Unavailable for now', status: 503, code: 'UNAVAILABLE' };
  response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' });
  response.end(JSON.stringify(problem));
}

/** `carrier:ct`, as an unchecked token says; undefined without one. */
function organisationOf(authorization = '') {
  const [, payload = ''] = authorization.replace(/^bearer /i, '').split('.');
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')).sub;
  } catch {
    return undefined;
  }
}
