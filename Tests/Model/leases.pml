/*
 * Leases on subscriptions: two dispatchers, two subscriptions, two deliveries each, one database.
 *
 * What the database does in one transaction is one atomic step here. Everything may happen between two of them: a
 * process ends, stands still for longer than its lease, loses the answer to its COMMIT. The numbers of those are bounded,
 * so that spin looks at every order of steps there is.
 *
 * An epoch is a lease's here. In the product it is its node's term, which ends for all leases at once: fewer orders of steps,
 * none that isn't here. An attempt's number is what claimedBy stands for.
 *
 * Subscription 0 retries, subscription 1 is single-shot; both are ordered, with one request under way at most.
 *
 * Broken on purpose by -D, each of which must be found (run.sh):
 *   NO_CLAIM_FENCE       a claim doesn't ask whether the lease is still held
 *   NO_RESULT_FENCE      a result doesn't ask whether the attempt is still the one in flight
 *   NO_DEADLINE          the first byte goes out without a look at the clock
 *   RESEND_SINGLE_SHOT   a takeover sends again whatever was in flight
 *   FORGET_IN_FLIGHT     a takeover leaves alone what was in flight
 *   TRUST_LOST_COMMIT    a COMMIT without an answer counts as refused
 *   SWEEP_HELD           what is in flight is ended as if nobody served its subscription
 *   NO_SWEEP_FENCE       that end doesn't ask whether the attempt is still the one in flight
 *   ALONE, NO_SWEEP      nobody ends what is in flight of a subscription that no living dispatcher knows (ALONE by itself holds)
 *   GAP                  a process may stand still between its look at the clock and the first byte. That can't be ruled
 *                        out; it costs a single-shot subscription its order (and nothing else: with UNORDERED all holds)
 */

#define NODES 2
#define SUBSCRIPTIONS 2
#define DELIVERIES 4
#define NONE 255

#define subscription(d) ((d) >> 1)
#define isSingleShot(s) ((s) == 1)
#define first(s) ((s) << 1)
#define second(s) (((s) << 1) + 1)

/* A delivery's states. */
#define OPEN 0
#define IN_FLIGHT 1
#define DELIVERED 2
#define UNKNOWN 3
#define FAILED 4
#define isSettled(d) (state[d] >= DELIVERED)
#define isFinished(s) (isSettled(first(s)) && isSettled(second(s)))
#define isDone (isFinished(0) && isFinished(1))

/* The database. */
byte state[DELIVERIES];
byte attempts[DELIVERIES];
/* The attempt in flight: the epoch that claimed it. */
byte claimedBy[DELIVERIES];
byte owner[SUBSCRIPTIONS];
byte epoch[SUBSCRIPTIONS];
/* By the database's clock. */
bool isExpired[SUBSCRIPTIONS];

/* The receivers. */
byte received[DELIVERIES];
bool hasSucceeded[DELIVERIES];

/* What may still go wrong, in all: an end of a process, a lease that runs out, a lost answer, a failed attempt, a hand-over. */
#ifndef FAULTS
#define FAULTS 3
#endif
byte faults = FAULTS;

/* A dispatcher's queue of one subscription: what it holds in memory. */
#define IDLE 0
#define CLAIMED 1
#define VETTED 2   /* only under GAP and NO_DEADLINE */
#define SENT 3
typedef Queue {
    byte phase;
    byte delivery;
    bool succeeded;
    /* The epoch of the lease that it believes to hold; 0: none. */
    byte epoch;
}
typedef Node { Queue queue[SUBSCRIPTIONS] }
Node node[NODES];

#define q node[n].queue[s]
#define holds(n, s) (owner[s] == n && epoch[s] == node[n].queue[s].epoch && !isExpired[s])

/* Alone, the first dispatcher is the only one that knows subscription 0, and it ends for good. */
bool isGone;
#ifdef ALONE
#define knows(n, s) (!(n == 0 && isGone) && (s == 1 || n == 0))
#else
#define knows(n, s) true
#endif

inline forget(n, s) {
    q.phase = IDLE;
    q.delivery = 0;
    q.succeeded = false;
    q.epoch = 0
}

/* A crash's end under the new epoch: what the last owner had in flight was interrupted. */
inline interrupt(d) {
    if
    :: state[d] == IN_FLIGHT ->
#ifdef FORGET_IN_FLIGHT
        skip
#else
        if
#ifndef RESEND_SINGLE_SHOT
        :: isSingleShot(subscription(d)) -> state[d] = UNKNOWN
        :: else -> state[d] = OPEN
#else
        :: true -> state[d] = OPEN
#endif
        fi;
        claimedBy[d] = 0
#endif
    :: else -> skip
    fi
}

inline acquire(n, s) {
    atomic {
        q.epoch == 0 && knows(n, s) && !isFinished(s) && (owner[s] == NONE || isExpired[s] || owner[s] == n) ->
        owner[s] = n;
        epoch[s]++;
        isExpired[s] = false;
        q.epoch = epoch[s];
        interrupt(first(s));
        interrupt(second(s))
    }
}

/* The next delivery that may start; an ordered subscription's second one only behind the first. */
#define mayStart(d) (state[d] == OPEN && (d == first(subscription(d)) || isSettled(d - 1)))

inline writeClaim(n, s, d) {
    state[d] = IN_FLIGHT;
    attempts[d]++;
    claimedBy[d] = q.epoch
}

inline claim(n, s, d) {
    atomic {
        q.epoch != 0 && q.phase == IDLE && mayStart(d) ->
        if
#ifdef NO_CLAIM_FENCE
        :: true ->
#else
        :: holds(n, s) ->
#endif
            if
            :: writeClaim(n, s, d); q.phase = CLAIMED; q.delivery = d
            :: faults > 0 ->
                /* The COMMIT went through, or not, and its answer is lost. */
                faults--;
                if
                :: writeClaim(n, s, d)
                :: true -> skip
                fi;
#ifdef TRUST_LOST_COMMIT
                skip
#else
                /* It goes on only under a new epoch, which settles what was in flight. */
                forget(n, s)
#endif
            fi
#ifndef NO_CLAIM_FENCE
        :: else -> forget(n, s)
#endif
        fi
    }
}

/* The look at the clock, and the first byte. A lease's deadline in the process comes before its expiry in the database, for
   it counts from before the renewal was sent. */
inline vet(n, s) {
    atomic {
        q.phase == CLAIMED ->
        if
#ifdef NO_DEADLINE
        :: true -> q.phase = VETTED
#else
        :: !isExpired[s] && epoch[s] == q.epoch -> q.phase = VETTED; followOn(n, s)
        :: else -> forget(n, s)
#endif
        fi
    }
}

inline request(n, s) {
    received[q.delivery]++;
    assert(received[q.delivery] <= attempts[q.delivery]);
    assert(!isSingleShot(s) || received[q.delivery] == 1);
#ifndef UNORDERED
    assert(q.delivery == first(s) || isSettled(first(s)));
    assert(q.delivery == second(s) || received[first(s)] > 1 || received[second(s)] == 0);
#endif
    if
    :: q.succeeded = true; hasSucceeded[q.delivery] = true
    :: faults > 0 -> faults--; q.succeeded = false
    fi;
    q.phase = SENT
}

/* Nothing comes between the two. */
inline followOn(n, s) {
#ifndef GAP
    request(n, s)
#else
    skip
#endif
}

inline send(n, s) {
    atomic { q.phase == VETTED -> request(n, s) }
}

inline record(n, s) {
    atomic {
        q.phase == SENT ->
        if
#ifdef NO_RESULT_FENCE
        :: true ->
#else
        :: state[q.delivery] == IN_FLIGHT && claimedBy[q.delivery] == q.epoch ->
#endif
            assert(!isSettled(q.delivery));
            if
            :: q.succeeded -> state[q.delivery] = DELIVERED
            :: !q.succeeded && isSingleShot(s) -> state[q.delivery] = FAILED
            :: else -> state[q.delivery] = OPEN
            fi;
            claimedBy[q.delivery] = 0
#ifndef NO_RESULT_FENCE
        /* Only somebody whose lease is lost is too late. */
        :: else -> assert(!holds(n, s))
#endif
        fi;
        q.phase = IDLE;
        q.delivery = 0;
        q.succeeded = false
    }
}

/* A lease that a node knows to be over is let go; what it had under way is somebody else's now. */
inline letGo(n, s) {
    atomic { q.epoch != 0 && q.phase == IDLE && !holds(n, s) -> forget(n, s) }
}

/* Rendezvous hashing gives the subscription to another: it drains, and releases. */
inline handOver(n, s) {
    atomic {
        faults > 0 && !isDone && q.phase == IDLE && holds(n, s) ->
        faults--;
        owner[s] = NONE;
        forget(n, s)
    }
}

#define step(n, s) \
    :: acquire(n, s) \
    :: claim(n, s, first(s)) \
    :: claim(n, s, second(s)) \
    :: vet(n, s) \
    :: send(n, s) \
    :: record(n, s) \
    :: letGo(n, s) \
    :: handOver(n, s)

proctype Dispatcher(byte n) {
end:
    do
    step(n, 0)
    step(n, 1)
    :: atomic {
        /* The process ends and begins again. */
        faults > 0 && !isDone ->
        faults--;
        forget(n, 0);
        forget(n, 1);
#ifdef ALONE
        if
        :: n == 0 ->
            isGone = true;
            /* Sooner or later, for nobody renews it. */
            isExpired[0] = isExpired[0] || owner[0] == 0;
            isExpired[1] = isExpired[1] || owner[1] == 0;
            break
        :: else -> skip
        fi
#endif
    }
    od
}

#ifdef SWEEP_HELD
#define isServed(s) false
#else
#define isServed(s) (owner[s] != NONE && !isExpired[s])
#endif

/* Finds something in flight that nobody serves. Whoever had the lease loses it with that, as where it is acquired. */
#define look(d) \
    :: atomic { \
        found == NONE && state[d] == IN_FLIGHT && !isServed(subscription(d)) -> \
        found = d; \
        foundClaim = claimedBy[d]; \
        if \
        :: isExpired[subscription(d)] -> owner[subscription(d)] = NONE \
        :: else -> skip \
        fi \
    }

/* Some living dispatcher, or a command: it knows nothing of subscriptions, and holds no lease. */
proctype Sweeper() {
    byte found = NONE;
    byte foundClaim;
end:
    do
#ifndef NO_SWEEP
    look(0)
    look(1)
    look(2)
    look(3)
#endif
    :: atomic {
        found != NONE ->
#ifdef NO_SWEEP_FENCE
        assert(!isSettled(found));
        state[found] = IN_FLIGHT;
        interrupt(found);
#else
        if
        :: state[found] == IN_FLIGHT && claimedBy[found] == foundClaim -> interrupt(found)
        :: else -> skip
        fi;
#endif
        found = NONE;
        foundClaim = 0
    }
    od
}

/* A lease runs out at any time: its node stands still, or doesn't reach the database. */
proctype Clock() {
end:
    do
    :: atomic { faults > 0 && !isDone && owner[0] != NONE && !isExpired[0] -> faults--; isExpired[0] = true }
    :: atomic { faults > 0 && !isDone && owner[1] != NONE && !isExpired[1] -> faults--; isExpired[1] = true }
    od
}

init {
    atomic {
        owner[0] = NONE;
        owner[1] = NONE;
        run Dispatcher(0);
        run Dispatcher(1);
        run Sweeper();
        run Clock()
    }
}

#ifdef ALONE
/* Whatever goes wrong, nothing stays in flight. */
ltl ends { ([] <> (state[0] != IN_FLIGHT)) && ([] <> (state[1] != IN_FLIGHT)) }
#else
/* Whatever goes wrong, everything settles in the end, and what retries has been received. */
ltl settles { <> (isDone && hasSucceeded[0] && hasSucceeded[1]) }
#endif
