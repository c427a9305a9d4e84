<?php

/** A request that is under way: it was sent, and its answer is read when it is wanted. */
final class Request
{
    /** @param resource $connection  @param (Closure(): void)|null $end called when the answer is there */
    public function __construct(private $connection, private ?Closure $end = null)
    {
    }

    /** Sends a request over HTTP. */
    public static function http(string $address, string $path): self
    {
        $connection = stream_socket_client("tcp://$address", $code, $error, 10) ?: throw new Exception("No server at $address: $error");
        fwrite($connection, "GET $path HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return new self($connection);
    }

    /** @return array{int, string} status and body; status 0 where the connection ended without an answer */
    public function answer(): array
    {
        stream_set_timeout($this->connection, PATIENCE);
        $text = stream_get_contents($this->connection);
        $late = stream_get_meta_data($this->connection)['timed_out'];
        fclose($this->connection);
        $this->end && ($this->end)();
        $late && throw new Exception('A request has no answer after ' . PATIENCE . ' seconds.');
        [$head, $body] = explode("\r\n\r\n", $text, 2) + ['', ''];
        // A CGI program says no status where all is well.
        $status = preg_match('~^(?:HTTP/\S+|Status:) (\d+)~m', $head, $found) ? (int) $found[1] : ($head === '' ? 0 : 200);
        return [$status, $body];
    }

    /** The body, of a request that was answered well. */
    public function body(): string
    {
        [$status, $body] = $this->answer();
        return $status === 200 ? $body : throw new Exception("A request was answered with $status: " . trim(strip_tags($body)));
    }
}
