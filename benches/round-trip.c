/*
 * How long a byte takes to another process and back, over two pipes: what the kernel takes at least.
 *
 *     round-trip ROUND-TRIPS      one round for each line that comes in, each round's nanoseconds a round trip as a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **arguments)
{
    long trips = count > 1 ? atol(arguments[1]) : 1000;
    int there[2], back[2], line;
    char byte = 'x';
    if (pipe(there) || pipe(back)) {
        return 1;
    }
    if (fork() == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
        }
        _exit(0);
    }
    close(there[0]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((line = getchar()) != EOF) {
        if (line == '\n') {
            double start = now();
            for (long trip = 0; trip < trips; trip++) {
                if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) {
                    return 1;
                }
            }
            printf("%.0f\n", (now() - start) / trips);
        }
    }
    return 0;
}
