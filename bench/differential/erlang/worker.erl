%% A worker of a supervisor: its starts have the outcomes of a plan.
-module(worker).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-import(differential, [log/2, reason/1, add/3, next/1]).

init({Id, [Traps, Plan, Terminate], Of}) ->
    Number = next(Id),
    Name = lists:flatten([atom_to_list(Id), $#, integer_to_list(Number)]),
    add(Id, Name, self()),
    process_flag(trap_exit, Traps),
    Outcome = case length(Plan) >= Number of true -> lists:nth(Number, Plan); false -> run end,
    log(Of, ["start ", Name, $\s, atom_to_list(Outcome)]),
    case Outcome of
        run -> {ok, {Name, Terminate, Of}};
        ignore -> ignore;
        stop -> {stop, refused};
        stopNormal -> {stop, normal};
        crash -> error(oops);
        exit -> exit(gone)
    end.

handle_call(_, _, State) -> {reply, ok, State}.

handle_cast({stop, Reason}, State) -> {stop, Reason, State};
handle_cast(crash, _) -> error(oops);
handle_cast(throw, _) -> throw(ball).

handle_info(_, State) -> {noreply, State}.

terminate(Reason, {Name, Terminate, Of}) ->
    Who = case lists:last(Of) of $* -> [Of, Name]; _ -> Of end,
    log(Who, ["terminated ", Name, $\s, reason(Reason)]),
    case Terminate of
        ok -> ok;
        crash -> error(oops);
        exit -> exit(gone);
        throw -> throw(ball)
    end.
