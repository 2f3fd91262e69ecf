"""The listening socket of the API, which can go away and come back while everything else goes on."""

import socket

from aiohttp import web

HOST = "127.0.0.1"


class Server:
    def __init__(self, application: web.Application, port: int = 0) -> None:
        self._runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
        self._site: web.SockSite | None = None
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        await self._runner.setup()
        await self.listen()

    async def listen(self) -> None:
        """On the port of before, if there was one."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, self.port))
        self.port = listening.getsockname()[1]
        self._site = web.SockSite(self._runner, listening)
        await self._site.start()

    async def silence(self) -> None:
        """Refuse new connections and drop those that stand, in the middle of whatever they carry."""
        if self._site:
            await self._site.stop()
            self._site = None
        for connection in list(self._runner.server.connections if self._runner.server else []):
            if connection.transport:
                connection.transport.abort()

    async def stop(self) -> None:
        await self.silence()
        await self._runner.cleanup()
