%% A gen_server, the process that starts it, and clients, each of which runs what one step says.
-module(servers).
-export([run/1]).
-import(differential, [settle/0, log/2, entry/1, reason/1, reason_of/1, text/1, pid/1]).

run([Init, Traps, Terminate, Steps]) ->
    Begin = erlang:monotonic_time(millisecond),
    Parent = spawn(fun() -> process_flag(trap_exit, true), parent() end),
    Parent ! {start, {Init, Traps, Terminate}},
    settle(),
    entry("step"),
    lists:foldl(fun(Step, Time) -> step(Step, Parent, Time) end, {Begin, 0, 1}, Steps).

parent() ->
    receive
        {start, Arg} ->
            log(parent, case gen_server:start_link(server, Arg, []) of
                {ok, _} -> "ok";
                ignore -> put(failed, true), "ignore";
                {error, Reason} -> put(failed, true), ["error ", reason(Reason)]
            end);
        {signal, Reason} -> exit(pid(server), Reason);
        {exit, Reason} -> exit(Reason);
        {'EXIT', _, Reason} ->
            %% OTP 25 sends it after a failed start, too; later releases do not.
            case get(failed) of true -> ok; _ -> log(parent, ["EXIT ", reason(Reason)]) end
    end,
    parent().

%% Time moves by steps alone. Real time has to be a little later, and no more than a little: the
%% tolerance grows with each move, for a timer to be seen on the side of a move that it belongs to.
step([advance, Ms], _, {Begin, Now, Moves}) ->
    Then = Begin + Now + Ms + 8 * Moves,
    timer:sleep(max(0, Then - erlang:monotonic_time(millisecond))),
    done({Begin, Now + Ms, Moves + 1});
step(Step, Parent, Time) ->
    case pid(server) of undefined -> ok; Pid -> do(Step, Parent, Pid) end,
    done(Time).

done({Begin, Now, Moves} = Time) ->
    settle(),
    case erlang:monotonic_time(millisecond) - Begin - Now < 8 * Moves of
        true -> entry("step"), Time;
        false when Now > 0 -> throw(late);
        %% A program without time may be slow.
        false -> entry("step"), {erlang:monotonic_time(millisecond), 0, Moves}
    end.

do([signal, Reason], _, Pid) -> exit(Pid, reason_of(Reason));
do([parent, Reason], Parent, _) -> Parent ! {signal, reason_of(Reason)};
do([parentExit, Reason], Parent, _) -> Parent ! {exit, reason_of(Reason)};
do([client, Ops], _, Pid) ->
    Client = ["client", text(differential:next(client))],
    spawn(fun() -> [told(Client, fun() -> op(Op, Pid) end) || Op <- Ops] end).

told(Client, Op) ->
    try Op() of
        none -> ok;
        Value -> entry([Client, " got ", text(Value)])
    catch
        exit:{Reason, {_, _, _}} -> entry([Client, " exit ", reason(Reason)]);
        exit:Reason -> entry([Client, " exit ", reason(Reason)])
    end.

op([call, Answer, Timeout], Pid) ->
    gen_server:call(Pid, {do, Answer}, case Timeout of 0 -> infinity; Ms -> Ms end);
op([cast, Answer], Pid) -> gen_server:cast(Pid, {do, Answer}), none;
op([info, Answer], Pid) -> Pid ! {do, Answer}, none;
op([stop, Reason], Pid) -> gen_server:stop(Pid, reason_of(Reason), infinity);
op([suspend], Pid) -> sys:suspend(Pid);
op([resume], Pid) -> sys:resume(Pid);
op([getState], Pid) -> element(1, sys:get_state(Pid));
op([replaceState, N], Pid) -> element(1, sys:replace_state(Pid, fun({_, Open}) -> {N, Open} end)).
