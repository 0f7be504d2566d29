// The parts that Swift's Glibc module leaves out of Linux's interface.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// Declared by <sys/socket.h> for _GNU_SOURCE only, which is too late to define here.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
